import type { RandomStream } from '../base/random.js'
import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { PathSampler, type PathSource } from './paths.js'

/**
 * A chain of paths (MAGIC-T, Xu et al., ICML 2022). Each path differs from the previous one in exactly one choice, of
 * an operation or of a connection. This choice is drawn uniformly among the choices with at least two options, and its
 * new option uniformly among its other options. The first path is uniform. So is every later path by itself, because a
 * step and its reverse are equally likely. If the space has only one path, all paths are equal.
 */
export class PathChain implements PathSource {
  /** The path drawn last; undefined before the first. Set it to continue a chain. */
  last: Path | undefined
  readonly #first: PathSampler
  readonly #options: readonly number[]
  /** Positions of the choices with at least two options. */
  readonly #free: readonly number[]

  /** Makes a chain without paths. The first path is uniform. */
  constructor({ choices }: Pick<SearchSpace, 'choices'>) {
    this.#first = PathSampler.uniform(choices)
    this.#options = choices.map(optionsOf)
    this.#free = [...choices.keys()].filter((c) => this.#options[c] > 1)
  }

  draw(random: RandomStream): Path {
    this.last = this.last === undefined ? this.#first.draw(random) : this.#next(this.last, random)
    return this.last
  }

  #next(path: Path, random: RandomStream): Path {
    if (this.#free.length === 0) return path
    const c = this.#free[random.integer(this.#free.length)]
    const other = random.integer(this.#options[c] - 1)
    return path.with(c, other < path[c] ? other : other + 1)
  }
}
