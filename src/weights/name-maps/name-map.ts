import type { WeightShapes } from '../../spaces/entry.js'
import type { Path, SearchSpace } from '../../spaces/space.js'

/** The sub-model whose weights a file is said to hold, as a path and in the words of whoever says so. */
export interface GivenPath {
  readonly path: Path
  readonly text: string
}

export interface Translation {
  /** Names of the supernet by those of the file. What has no counterpart is absent. */
  readonly names: ReadonlyMap<string, string>
  /** The sub-model that the file holds the weights of; absent for those of a whole supernet. */
  readonly path?: Path
  /** Names of batch norms that have no parameters in the file: where the supernet has, the scale is 1 and the shift 0. */
  readonly plainNorms?: readonly string[]
}

/** How a reference implementation names its tensors, and what of them a supernet here calls otherwise or does not have. */
export interface NameMap {
  /** What users choose it by. */
  readonly name: string
  /** Search spaces whose tensors the names mean; absent for all. */
  readonly spaces?: readonly string[]
  /** Whether a file of these names was written by the implementation. */
  recognises(names: readonly string[]): boolean
  /** The supernet's name of a name, for an implementation whose names mean the same in every supernet. */
  rename?(name: string): string
  /** Throws a UserError where the sub-model cannot be told, or is another one than `given`. */
  translate(tensors: WeightShapes, space: SearchSpace, given?: GivenPath): Translation
  /** Why a tensor without a counterpart changes no logits, in words; undefined where that is not known. */
  unused?(name: string): string | undefined
  /**
   * Names in the file of batch norms whose counterparts use the statistics of the batch and may have no parameters. A scale
   * of ones and a shift of zeros can be left out there.
   */
  readonly norms?: RegExp
  /** Names in the file of those norms' parameters that a space with the setting `affine` has. */
  readonly affineNorms?: RegExp
  /**
   * Names in the supernet of biases that the implementation may lack, of convolutions before a batch norm that subtracts the
   * mean of the batch and so any bias.
   */
  readonly ineffectiveBiases?: RegExp
}

/** The translation of names that are ours. */
export function sameNames(tensors: WeightShapes): Map<string, string> {
  return new Map([...tensors.keys()].map((name) => [name, name]))
}
