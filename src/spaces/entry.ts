/** What is known of a search space without making one: how it is called, made, and told from weights. */
import type { Shape } from '../programs/program.js'
import type { SearchSpace } from './space.js'

/** Weights by name, of which only names and shapes are looked at. */
export type WeightShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>

/** What weights tell of the supernet that they belong to. What they do not tell is undefined. */
export interface ToldByWeights {
  /** Settings of the space, by name. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Channels of the images. */
  readonly channels?: number
  readonly classes?: number
}

/** A search space that settings can name. */
export interface SpaceEntry<Settings> {
  /** How the literature writes its name. */
  readonly label: string
  /** Images and classes are the published ones by default. Throws a UserError for settings that describe no network. */
  create(settings: Settings, images: { readonly input?: Shape; readonly classes?: number }): SearchSpace
  /**
   * What weights tell of the supernet, if their names are the space's; otherwise undefined. They may be those of one path
   * only, which tell less.
   */
  told(weights: WeightShapes): ToldByWeights | undefined
}

/** Size of a tensor along an axis, counted in `unit`; undefined if that is no positive whole number. */
export function extent(weights: WeightShapes, name: string, axis: number, unit = 1): number | undefined {
  const size = (weights.get(name)?.shape[axis] ?? 0) / unit
  return Number.isInteger(size) && size > 0 ? size : undefined
}

/** Number of classes: every space ends in a linear layer of this name. */
export function classesOf(weights: WeightShapes): number | undefined {
  return extent(weights, 'classifier.weight', 0)
}

/**
 * The numbers that the first group of `pattern` finds in names, ascending. Those that are not below the number of tensors
 * count nothing that is there: a damaged name is not to describe a gigantic network.
 */
export function numbersIn(weights: WeightShapes, pattern: RegExp): number[] {
  const numbers = new Set<number>()
  for (const name of weights.keys()) {
    const found = pattern.exec(name)?.[1]
    if (found !== undefined && Number(found) < weights.size) numbers.add(Number(found))
  }
  return [...numbers].sort((a, b) => a - b)
}

/** Whether any name matches. */
export function anyName(weights: WeightShapes, pattern: RegExp): boolean {
  for (const name of weights.keys()) if (pattern.test(name)) return true
  return false
}
