/** The implementations whose weights can be imported, the most particular names first: ours fit any file. */
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

/** The map that knows the names of a file. */
export function recogniseNames(names: readonly string[]): NameMap {
  return NAME_MAPS.find((map) => map.recognises(names))!
}
