import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/**
 * Importance of what is connected with what, over one epoch. PA&DA (CVPR 2023) draws connections uniformly; this carries
 * its reasoning on to them: the best probability of a path is proportional to the norm of its gradient, so that of an
 * option is proportional to the mean norm over the paths that take it, kept as for operations: s ← (s + ‖g‖)/2 after
 * each step whose path takes the option, starting the epoch from 0.
 */
export class ConnectionImportance {
  /** The options of all connection choices, one choice after another. */
  readonly values: Float64Array
  /** Per choice of the space where its options begin; undefined for choices of operations. */
  readonly #begins: readonly (number | undefined)[]
  readonly #options: readonly number[]

  constructor({ choices }: Pick<SearchSpace, 'choices'>) {
    let length = 0
    this.#options = choices.map(optionsOf)
    this.#begins = choices.map((choice, c) => {
      if ('operations' in choice) return undefined
      length += this.#options[c]
      return length - this.#options[c]
    })
    this.values = new Float64Array(length)
  }

  /** Adds one step on `path`, whose candidate operations had gradients of this norm, as clipped. */
  add(path: Path, norm: number): void {
    for (const [c, begin] of this.#begins.entries()) {
      if (begin === undefined) continue
      const slot = begin + path[c]
      this.values[slot] = (this.values[slot] + norm) / 2
    }
  }

  /** The part of `values`, or of a list of equal order, that belongs to each choice; undefined for those of operations. */
  split(values = this.values): (Float64Array | undefined)[] {
    return this.#begins.map((begin, c) =>
      begin === undefined ? undefined : values.slice(begin, begin + this.#options[c]),
    )
  }

  reset(): void {
    this.values.fill(0)
  }
}
