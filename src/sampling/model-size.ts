import { RandomStream } from '../base/random.js'
import { costOf } from '../spaces/cost.js'
import { optionsOf, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { PathSampler, type PathSource } from './paths.js'

/** Number of ascents that search for the largest network. */
const STARTS = 4
/** The bound exceeds the largest network found by this factor, because a larger one may exist. */
const MARGIN = 1.1
/** Largest number of paths of a space whose counts are kept. */
const KEPT = 100_000

/**
 * Draws paths in proportion to their numbers of parameters (Luo et al., 2019, “Understanding and Improving One-shot
 * Neural Architecture Optimization”). Large networks, which take longer to train, are thus trained more often.
 * Parameters are counted as the space's benchmark publishes them, for the network trained alone.
 *
 * Paths are drawn by rejection: a uniform path is kept with probability parameters / bound. The probabilities are exact
 * if no path exceeds the bound. To find the bound, several random paths are enlarged, one choice after another, as far
 * as possible. The bound is the largest result plus a tenth. That result is the largest network if parameters are a sum
 * over choices. A path above the bound is an error, not a draw. A draw counts two or three paths, each in half a
 * millisecond at most. Small spaces remember the counts.
 */
export class ModelSizeSampler implements PathSource {
  /** Upper bound on the parameters of all paths. */
  readonly bound: number
  readonly #space: SearchSpace
  readonly #uniform: PathSampler
  readonly #parameters: (path: Path) => number

  /** Searches the space for its largest network. */
  constructor(space: SearchSpace) {
    this.#space = space
    this.#uniform = PathSampler.uniform(space.choices)
    this.#parameters = parameterCounter(space)
    // Not a stream of the run, because the bound must not depend on earlier draws.
    const random = RandomStream.named(0, 'model size')
    let largest = 0
    for (let start = 0; start < STARTS; start++) largest = Math.max(largest, this.#ascend(this.#uniform.draw(random)))
    this.bound = largest * MARGIN
  }

  /** Throws a RangeError if a path has more parameters than the bound. */
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

  /** Largest number of parameters reached from `start` by changing one choice at a time. */
  #ascend(start: Path): number {
    let path = start
    let most = this.#parameters(path)
    for (let improved = true; improved; ) {
      improved = false
      for (const [c, choice] of this.#space.choices.entries()) {
        for (let option = 0; option < optionsOf(choice); option++) {
          const other = path.with(c, option)
          const parameters = this.#parameters(other)
          if (parameters <= most) continue
          most = parameters
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
