import { expected } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { shuffledIndices } from './indices.js'

/**
 * Strict fairness (FairNAS, Chu et al., ICCV 2021): draws K paths at a time. Over these paths, every choice takes each
 * of its K operations once, in its own random order. Connections, if paths choose them, are drawn uniformly.
 */
export class FairPathSampler {
  /** Number K of paths per draw. */
  readonly count: number
  readonly #choices: SearchSpace['choices']

  /** Throws a UserError if choices offer different numbers of operations: K paths cannot be fair to all of them. */
  constructor({ name, choices }: Pick<SearchSpace, 'name' | 'choices'>, setting: string) {
    const counts = new Set(choices.flatMap((choice) => ('operations' in choice ? [choice.operations.length] : [])))
    if (counts.size !== 1) {
      const received = `${name} with ${[...counts].sort((a, b) => a - b).join(' or ')}`
      throw expected('a space whose choices all offer the same number of operations', setting, received, 2)
    }
    this.count = [...counts][0]
    this.#choices = choices
  }

  draw(random: RandomStream): Path[] {
    const columns = this.#choices.map((choice) =>
      'operations' in choice
        ? shuffledIndices(this.count, random)
        : Int32Array.from({ length: this.count }, () => random.integer(optionsOf(choice))),
    )
    return Array.from({ length: this.count }, (_, k) => columns.map((column) => column[k]))
  }
}
