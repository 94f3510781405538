/** Facts about a search space that need no instance: its label, how it is made, and how weights are recognized. */
import type { NetworkConfig } from '../config/network.js'
import type { Shape } from '../programs/program.js'
import type { SearchSpace } from './space.js'
import type { StandaloneNetwork } from './standalone.js'

/** Weights by name. Only names and shapes are looked at. */
export type WeightShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>

/** Facts about a supernet that its weights tell. A fact that they do not tell is undefined. */
export interface ToldByWeights {
  /** Settings of the space, by name. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Channels of the images. */
  readonly channels?: number
  readonly classes?: number
}

/** Shape and number of classes of images. By default they are the published ones. */
export interface NetworkImages {
  readonly input?: Shape
  readonly classes?: number
}

/** A search space that settings can name. */
export interface SpaceEntry<Settings, Network = NetworkConfig> {
  /** Name of the space in the literature. */
  readonly label: string
  /** Images and classes default to the published ones. Throws a UserError for settings that describe no network. */
  create(settings: Settings, images: NetworkImages): SearchSpace
  /**
   * The network of one path, as the literature trains it alone. Throws a UserError for a path outside the space, and for
   * settings that describe no network.
   */
  network(settings: Network, images: NetworkImages): StandaloneNetwork
  /**
   * Facts that weights tell of the supernet, if their names are the names of the space; otherwise undefined. Weights of
   * one path only tell less.
   */
  told(weights: WeightShapes): ToldByWeights | undefined
}

/** Size of a tensor along an axis, in units of `unit`; undefined if it is not a positive whole number. */
export function extent(weights: WeightShapes, name: string, axis: number, unit = 1): number | undefined {
  const size = (weights.get(name)?.shape[axis] ?? 0) / unit
  return Number.isInteger(size) && size > 0 ? size : undefined
}

/** Number of classes. Every space ends in a linear layer of this name. */
export function classesOf(weights: WeightShapes): number | undefined {
  return extent(weights, 'classifier.weight', 0)
}

/**
 * The numbers that the first group of `pattern` finds in names, ascending. A number that is not below the number of
 * tensors is ignored, because a damaged name must not describe a gigantic network.
 */
export function numbersIn(weights: WeightShapes, pattern: RegExp): number[] {
  const numbers = new Set<number>()
  for (const name of weights.keys()) {
    const found = pattern.exec(name)?.[1]
    if (found !== undefined && Number(found) < weights.size) numbers.add(Number(found))
  }
  return [...numbers].sort((a, b) => a - b)
}

/** True if any name matches. */
export function anyName(weights: WeightShapes, pattern: RegExp): boolean {
  for (const name of weights.keys()) if (pattern.test(name)) return true
  return false
}
