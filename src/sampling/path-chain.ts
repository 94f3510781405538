import type { RandomStream } from '../base/random.js'
import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { PathSampler, type PathSource } from './paths.js'

/**
 * Paths each of which differs from the one before in exactly one choice, of an operation or of a connection (MAGIC-T, Xu
 * et al., ICML 2022): which one is drawn uniformly among the choices that have a second option, what it becomes uniformly
 * among its other options. The first path is uniform, and so then is every later one by itself, because a step and its
 * reverse are equally likely. In a space of one path all are that path.
 */
export class PathChain implements PathSource {
  /** The path drawn last; undefined before the first. Set it to continue a chain. */
  last: Path | undefined
  readonly #first: PathSampler
  readonly #options: readonly number[]
  /** Choices that have at least two options, by position. */
  readonly #free: readonly number[]

  /** A chain that has not begun; the first path is uniform. */
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
