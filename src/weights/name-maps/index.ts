/** The implementations whose weights can be imported. Ours come last, because they accept any file. */
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

/** The map of an implementation; undefined for an unknown name. */
export function nameMap(name: string): NameMap | undefined {
  return NAME_MAPS.find((map) => map.name === name)
}

/**
 * Shapes of tensors by the supernet's names, to find the space of the tensors. `from` is the implementation that named
 * them; by default the names tell it. Empty if the meaning of the names depends on the space.
 */
export function supernetShapes(tensors: WeightShapes, from?: string): WeightShapes {
  const { rename } = mapOf(tensors, from) ?? {}
  return new Map(rename && [...tensors].map(([name, tensor]) => [rename(name), tensor]))
}

/** The only space whose networks an implementation names so; undefined if there are several. */
export function onlySpaceOf(tensors: WeightShapes, from?: string): string | undefined {
  const { spaces } = mapOf(tensors, from) ?? {}
  return spaces?.length === 1 ? spaces[0] : undefined
}

function mapOf(tensors: WeightShapes, from: string | undefined): NameMap | undefined {
  return from === undefined ? recogniseNames([...tensors.keys()]) : nameMap(from)
}

/** The first map that recognizes the names of a file. */
export function recogniseNames(names: readonly string[]): NameMap {
  return NAME_MAPS.find((map) => map.recognises(names))!
}

/** True for names of another implementation than this package. */
export function namesOfOthers(names: readonly string[]): boolean {
  return recogniseNames(names) !== PADA_NATIVE
}
