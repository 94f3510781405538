import type { WeightShapes } from '../../spaces/entry.js'
import type { Path, SearchSpace } from '../../spaces/space.js'

/** The sub-model that a file holds according to the user: as a path, and as the user wrote it. */
export interface GivenPath {
  readonly path: Path
  readonly text: string
}

export interface Translation {
  /** The supernet's names by the file's names. A tensor without a counterpart is absent. */
  readonly names: ReadonlyMap<string, string>
  /** The sub-model that the file holds; absent for a whole supernet. */
  readonly path?: Path
  /** Names of batch norms without parameters in the file. If the supernet's have some, scale is 1 and shift is 0. */
  readonly plainNorms?: readonly string[]
}

/** Maps the names of an implementation's tensors to the names of a supernet here. */
export interface NameMap {
  /** Name of the implementation, as users write it. */
  readonly name: string
  /** Search spaces that the names can belong to; absent for all. */
  readonly spaces?: readonly string[]
  /** True if the implementation wrote a file of these names. */
  recognises(names: readonly string[]): boolean
  /** The supernet's name of a tensor; absent if the meaning of names depends on the supernet. */
  rename?(name: string): string
  /** Throws a UserError if nothing tells the sub-model, or if it differs from `given`. */
  translate(tensors: WeightShapes, space: SearchSpace, given?: GivenPath): Translation
  /** The reason, in words, why a tensor without a counterpart changes no logits; undefined if none is known. */
  unused?(name: string): string | undefined
  /**
   * Names in the file of batch norms whose counterparts use the statistics of the batch and may have no parameters. For
   * these, a scale of ones and a shift of zeros can be left out.
   */
  readonly norms?: RegExp
  /** Names in the file of the parameters of `norms` that a space with the setting `affine` has. */
  readonly affineNorms?: RegExp
  /**
   * Names in the supernet of biases that the implementation may lack. A batch norm after the convolution subtracts the
   * mean of the batch, and with it any bias.
   */
  readonly ineffectiveBiases?: RegExp
}

/** The translation of names that equal the supernet's. */
export function sameNames(tensors: WeightShapes): Map<string, string> {
  return new Map([...tensors.keys()].map((name) => [name, name]))
}
