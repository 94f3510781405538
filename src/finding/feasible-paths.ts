/** Draws paths that meet the limits and are not taken, as long as it finds any. */
import type { RandomStream } from '../base/random.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { PathSampler } from '../sampling/paths.js'
import { enumeratePaths, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { attain, LISTABLE } from './attain.js'
import { Measures } from './measures.js'
import { ACCURACY, type Constraints, checkGoals, costsOf, type Limits } from './problem.js'
import { changeChoices } from './variation.js'

/** Number of random paths tried, and then of paths near feasible ones. */
const TRIES = 1000
/** The same number if paths have to be measured, which takes a thousand times as long as counting. */
const MEASURED_TRIES = 50
/** Steps after which a walk restarts from another feasible path. */
const WALK = 50

export class FeasiblePaths {
  readonly measures: Measures
  readonly #space: SearchSpace
  readonly #limits: Limits
  readonly #random: RandomStream
  readonly #signal: AbortSignal | undefined
  readonly #sampler: PathSampler
  readonly #tries: number
  /** Feasible paths that were drawn before. */
  readonly #given: Path[] = []
  /** All paths in random order, listed once drawing and walking find none. From then on no path is missed. */
  #rest: Path[] | undefined

  constructor({ space, costs = costsOf(space), limits = {}, signal }: Constraints, random: RandomStream) {
    checkGoals(costs, limits, [ACCURACY])
    this.measures = new Measures(costs, limits)
    this.#space = space
    this.#limits = limits
    this.#random = random
    this.#signal = signal
    this.#sampler = PathSampler.uniform(space.choices)
    this.#tries = this.measures.limited.includes('latency') ? MEASURED_TRIES : TRIES
  }

  /** The form that a path shares with all paths that differ in dead edges only: they are one sub-model. */
  canonical(path: Path): Path {
    return this.#space.withoutDeadEdges?.(path) ?? path
  }

  /** The canonical form of a path; undefined if it is `taken` or breaks a limit. */
  async admit(path: Path, taken: (path: Path) => boolean): Promise<Path | undefined> {
    const canonical = this.canonical(path)
    if (taken(canonical) || !(await this.measures.meets(canonical))) return undefined
    return canonical
  }

  /**
   * A path that meets the limits and is not `taken`. First it is drawn uniformly, by rejection. If such paths are rare,
   * a walk of mutations along feasible paths looks for one. If the walk fails in a space of at most 20,000 paths whose
   * costs are counted, not measured, any path that is left is taken. Undefined if none is found: such a space is then
   * exhausted, any other nearly so.
   *
   * @throws UserError with the attainable range of costs if no path at all meets the limits.
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
    const measured = this.measures.limited.includes('latency')
    if (near !== undefined || measured || spaceSize(this.#space) > LISTABLE) return near
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
    const none = () => false
    let at: Path = []
    for (let tries = 0; tries < this.#tries; tries++) {
      this.#signal?.throwIfAborted()
      if (tries % WALK === 0) at = this.#given[this.#random.integer(this.#given.length)]
      // If a limit leaves no room for one change, two at once may trade the cost of one choice for another's.
      const changed = changeChoices(this.#space, at, 1 + this.#random.integer(2), this.#random)
      const next = await this.admit(changed, none)
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
 * Checks that some path meets the limits, without evaluating one.
 *
 * @throws UserError with the attainable range of costs if none is found; the reason of an aborted signal.
 */
export async function checkLimits(constraints: Constraints, random: RandomStream): Promise<void> {
  await new FeasiblePaths(constraints, random).draw(() => false)
}
