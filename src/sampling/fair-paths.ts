import { UserError } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { shuffledIndices } from './indices.js'

/**
 * Strict fairness (FairNAS, Chu et al., ICCV 2021): K paths at a time, of which every choice takes each of its K options
 * once, in an order of its own. What is connected with what, where a path decides that too, is drawn uniformly for each.
 */
export class FairPathSampler {
  /** Number K of paths at a time. */
  readonly count: number
  readonly #choices: SearchSpace['choices']

  /** Throws a UserError where choices of operations offer different numbers of them: then K paths cannot be fair to all. */
  constructor({ name, choices }: Pick<SearchSpace, 'name' | 'choices'>, setting: string) {
    const counts = new Set(choices.flatMap((choice) => ('operations' in choice ? [choice.operations.length] : [])))
    if (counts.size !== 1) {
      const received = `${name} with ${[...counts].sort((a, b) => a - b).join(' or ')}`
      throw new UserError(
        `Expected a space whose choices all offer as many operations for ${setting} but received ${received}`,
        2,
      )
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
