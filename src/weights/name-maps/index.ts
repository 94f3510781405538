/** The implementations whose weights can be imported, the most particular names first: ours fit any file. */
import type { WeightShapes } from '../../spaces/entry.js'
import { AUTODL } from './autodl.js'
import { DARTS } from './darts.js'
import type { NameMap } from './name-map.js'
import { PADA_NATIVE } from './pada-native.js'
import { PROXYLESS } from './proxylessnas.js'
import { TIMM } from './timm.js'
import { TORCHVISION } from './torchvision.js'

const NAME_MAPS: readonly NameMap[] = [PROXYLESS, TORCHVISION, TIMM, AUTODL, DARTS, PADA_NATIVE]

/** Names of the implementations, ours first. */
export const NAME_MAP_NAMES: readonly string[] = NAME_MAPS.map(({ name }) => name).reverse()

/** The map of a name, or undefined. */
export function nameMap(name: string): NameMap | undefined {
  return NAME_MAPS.find((map) => map.name === name)
}

/**
 * Shapes by the supernet's names, to tell the space by: of tensors by the names of `from`, which is by default told from
 * them. None if what the names mean depends on the space.
 */
export function supernetShapes(tensors: WeightShapes, from?: string): WeightShapes {
  const map = from === undefined ? recogniseNames([...tensors.keys()]) : nameMap(from)
  const { rename } = map ?? {}
  return new Map(rename && [...tensors].map(([name, tensor]) => [rename(name), tensor]))
}

/** The map that knows the names of a file. */
export function recogniseNames(names: readonly string[]): NameMap {
  return NAME_MAPS.find((map) => map.recognises(names))!
}
