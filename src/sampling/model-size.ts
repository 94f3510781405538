import { RandomStream } from '../base/random.js'
import { costOf } from '../spaces/cost.js'
import { optionsOf, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { PathSampler, type PathSource } from './paths.js'

/** Ascents that look for the largest network. */
const STARTS = 4
/** Where the largest network is not known for sure, the bound lies higher by this factor. */
const MARGIN = 1.1
/** Counts are kept in spaces of at most so many paths. */
const KEPT = 100_000

/**
 * Draws paths in proportion to their numbers of parameters (Luo et al., 2019, “Understanding and Improving One-shot
 * Neural Architecture Optimization”), so that large networks, which take longer to train, are trained more often.
 * Parameters are those of the network that is trained alone, as the space's benchmark publishes and counts it.
 *
 * By rejection: a uniform path is kept with the probability of its parameters over a bound, which makes the
 * probabilities exact wherever the bound is none too low. The bound is the number of parameters of the largest network
 * found by changing choice after choice for the better, from several random paths, plus a tenth; that is the largest
 * indeed where parameters are a sum over choices, and a path above the bound is an error, not a draw. A draw counts two or
 * three paths, of half a millisecond each at most, and remembers them in small spaces.
 */
export class ModelSizeSampler implements PathSource {
  /** No path has more parameters. */
  readonly bound: number
  readonly #space: SearchSpace
  readonly #uniform: PathSampler
  readonly #parameters: (path: Path) => number

  /** Looks for the largest network of the space first. */
  constructor(space: SearchSpace) {
    this.#space = space
    this.#uniform = PathSampler.uniform(space.choices)
    this.#parameters = parameterCounter(space)
    // Not of the run's streams: the bound must not depend on what was drawn before.
    const random = RandomStream.named(0, 'model size')
    let largest = 0
    for (let start = 0; start < STARTS; start++) largest = Math.max(largest, this.#ascend(this.#uniform.draw(random)))
    this.bound = largest * MARGIN
  }

  /** Throws a RangeError where a path has more parameters than the bound. */
  draw(random: RandomStream): Path {
    for (;;) {
      const path = this.#uniform.draw(random)
      const parameters = this.#parameters(path)
      if (parameters > this.bound) {
        const wanted = `at most ${Math.floor(this.bound)} parameters`
        throw new RangeError(`Expected ${wanted} for a path of ${this.#space.name} but received ${parameters}: ${path}`)
      }
      if (random.uniform() * this.bound < parameters) return path
    }
  }

  /** The most parameters that are reached by changing one choice at a time. */
  #ascend(start: Path): number {
    let path = start
    let most = this.#parameters(path)
    for (let improved = true; improved; ) {
      improved = false
      for (const [c, choice] of this.#space.choices.entries()) {
        for (let option = 0; option < optionsOf(choice); option++) {
          const other = path.with(c, option)
          const there = this.#parameters(other)
          if (there <= most) continue
          most = there
          path = other
          improved = true
        }
      }
    }
    return most
  }
}

function parameterCounter(space: SearchSpace): (path: Path) => number {
  const cost = costOf(space, { published: true })
  if (spaceSize(space) > KEPT) return (path) => cost(path).parameters
  const known = new Map<string, number>()
  return (path) => {
    const key = path.join()
    let parameters = known.get(key)
    if (parameters === undefined) {
      parameters = cost(path).parameters
      known.set(key, parameters)
    }
    return parameters
  }
}
