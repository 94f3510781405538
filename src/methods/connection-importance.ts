import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/**
 * Importance of connections over one epoch. PA&DA (CVPR 2023) draws connections uniformly; this class extends its
 * reasoning to them. The best probability of a path is proportional to the norm of its gradient. So the best
 * probability of an option is proportional to the mean norm over the paths that take it. As for operations,
 * s ← (s + ‖g‖)/2 after each step whose path takes the option. Each epoch starts from 0.
 */
export class ConnectionImportance {
  /** The options of all connection choices, one choice after another. */
  readonly values: Float64Array
  /** Index of the first option of each choice in `values`; undefined for choices of operations. */
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

  /** Adds one step on `path`. `norm` is the gradient norm of its candidate operations after clipping. */
  add(path: Path, norm: number): void {
    for (const [c, begin] of this.#begins.entries()) {
      if (begin === undefined) continue
      const slot = begin + path[c]
      this.values[slot] = (this.values[slot] + norm) / 2
    }
  }

  /** Part of each choice in `values` or in a list of the same order; undefined for choices of operations. */
  split(values = this.values): (Float64Array | undefined)[] {
    return this.#begins.map((begin, c) =>
      begin === undefined ? undefined : values.slice(begin, begin + this.#options[c]),
    )
  }

  reset(): void {
    this.values.fill(0)
  }
}
