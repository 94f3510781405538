/** Draws paths that keep to the limits and that nobody has seen yet, as long as there are any to be found. */
import type { RandomStream } from '../base/random.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { PathSampler } from '../sampling/paths.js'
import { enumeratePaths, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { attain, LISTABLE } from './attain.js'
import { Measures } from './measures.js'
import { type Constraints, checkNames, costsOf, type Limits } from './problem.js'
import { changeChoices } from './variation.js'

/** Random paths looked at before those near feasible ones are, and then as many of these. */
const TRIES = 1000
/** The same where each has to be measured, which takes a thousand times as long as counting. */
const MEASURED_TRIES = 50
/** Steps of a walk after which it begins anew elsewhere. */
const WALK = 50

export class FeasiblePaths {
  readonly measures: Measures
  readonly #space: SearchSpace
  readonly #limits: Limits
  readonly #random: RandomStream
  readonly #signal: AbortSignal | undefined
  readonly #sampler: PathSampler
  readonly #tries: number
  /** Feasible paths that were handed out. */
  readonly #given: Path[] = []
  /** All other paths in random order, once drawing finds hardly any: what is left is then found with certainty. */
  #rest: Path[] | undefined

  constructor({ space, costs = costsOf(space), limits = {}, signal }: Constraints, random: RandomStream) {
    checkNames(costs, limits, [])
    this.measures = new Measures(costs, limits)
    this.#space = space
    this.#limits = limits
    this.#random = random
    this.#signal = signal
    this.#sampler = PathSampler.uniform(space.choices)
    this.#tries = this.measures.limited.includes('latency') ? MEASURED_TRIES : TRIES
  }

  /** Paths with the same output as one: those that differ in dead edges only are one sub-model. */
  canonical(path: Path): Path {
    return this.#space.withoutDeadEdges?.(path) ?? path
  }

  /** The canonical form of a path, or undefined where it is `taken` or breaks a limit. */
  async admit(path: Path, taken: (path: Path) => boolean): Promise<Path | undefined> {
    const canonical = this.canonical(path)
    if (taken(canonical) || !(await this.measures.meets(canonical))) return undefined
    return canonical
  }

  /**
   * A path that keeps to the limits and is not `taken`: a uniform one by rejection, or where these are rare one from a
   * walk of mutations along feasible paths; in a space of at most 20,000 paths, any that is left. Undefined where none
   * is found: a small space is exhausted then, a large one nearly so.
   *
   * @throws UserError with the attainable range of costs where no path at all is found to keep to the limits.
   */
  async draw(taken: (path: Path) => boolean): Promise<Path | undefined> {
    const path = this.#rest === undefined ? await this.#search(taken) : await this.#takeRest(taken)
    if (path !== undefined) this.#given.push(path)
    return path
  }

  async #search(taken: (path: Path) => boolean): Promise<Path | undefined> {
    for (let tries = 0; tries < this.#tries; tries++) {
      this.#signal?.throwIfAborted()
      const path = await this.admit(this.#sampler.draw(this.#random), taken)
      if (path !== undefined) return path
    }
    if (this.#given.length === 0) {
      const path = await this.#attain()
      if (!taken(path)) return path
      this.#given.push(path)
    }
    const near = await this.#walk(taken)
    if (near !== undefined || spaceSize(this.#space) > LISTABLE) return near
    const all = new Map<string, Path>()
    for (const path of enumeratePaths(this.#space)) {
      const canonical = this.canonical(path)
      all.set(canonical.join(), canonical)
    }
    this.#rest = sampleWithoutReplacement([...all.values()], all.size, this.#random)
    return this.#takeRest(taken)
  }

  #attain(): Promise<Path> {
    return attain({
      space: this.#space,
      measures: this.measures,
      limits: this.#limits,
      random: this.#random,
      canonical: (path) => this.canonical(path),
      signal: this.#signal,
    })
  }

  async #walk(taken: (path: Path) => boolean): Promise<Path | undefined> {
    const nobody = () => false
    let at: Path = []
    for (let tries = 0; tries < this.#tries; tries++) {
      this.#signal?.throwIfAborted()
      if (tries % WALK === 0) at = this.#given[this.#random.integer(this.#given.length)]
      // Two changes at once trade the cost of one choice for that of another, where a limit leaves no room for one.
      const changed = changeChoices(this.#space, at, 1 + this.#random.integer(2), this.#random)
      const next = await this.admit(changed, nobody)
      if (next === undefined) continue
      if (!taken(next)) return next
      at = next
    }
    return undefined
  }

  async #takeRest(taken: (path: Path) => boolean): Promise<Path | undefined> {
    for (;;) {
      this.#signal?.throwIfAborted()
      const path = this.#rest!.pop()
      if (path === undefined) return undefined
      const free = await this.admit(path, taken)
      if (free !== undefined) return free
    }
  }
}

/**
 * Finds out whether any path keeps to the limits, without evaluating one.
 *
 * @throws UserError with the attainable range of costs where none is found.
 */
export async function checkLimits(constraints: Constraints, random: RandomStream): Promise<void> {
  await new FeasiblePaths(constraints, random).draw(() => false)
}
