/** Remembers the paths that an algorithm has evaluated, and gives it paths that it may still evaluate. */
import { expected } from '../base/errors.js'
import { RandomStream } from '../base/random.js'
import type { Path } from '../spaces/space.js'
import { FeasiblePaths } from './feasible-paths.js'
import { paretoFront } from './pareto.js'
import { ACCURACY, type Candidate, checkGoals, costsOf, type Origin, type Problem } from './problem.js'

/** A path to evaluate, and how it was made. */
export interface Drawn {
  readonly path: Path
  readonly origin: Origin
}

export class Exploration {
  readonly random: RandomStream
  readonly #problem: Problem
  readonly #objectives: readonly string[]
  readonly #paths: FeasiblePaths
  readonly #evaluated = new Map<string, Candidate>()
  /** Paths that were evaluated, or that will be. */
  readonly #taken = new Set<string>()
  readonly #isTaken = (path: Path) => this.#taken.has(path.join())

  constructor(problem: Problem) {
    const { space, costs = costsOf(space), limits = {}, objectives = [ACCURACY], random } = problem
    checkGoals(costs, limits, objectives)
    this.random = random ?? RandomStream.named(0, 'finding')
    this.#problem = problem
    this.#objectives = objectives
    this.#paths = new FeasiblePaths({ ...problem, costs }, this.random)
  }

  /** Number of evaluations, with those of paths that {@link admit} and {@link draw} have returned. */
  get count(): number {
    return this.#taken.size
  }

  /** With one objective, the best candidate; with several, the Pareto front of all candidates. */
  front(): Candidate[] {
    return paretoFront([...this.#evaluated.values()])
  }

  /** The candidate with this path, or with a path that differs in dead edges only. */
  known(path: Path): Candidate | undefined {
    return this.#evaluated.get(this.#paths.canonical(path).join())
  }

  /** True if the path, or one that differs in dead edges only, was returned to be evaluated but has no accuracy yet. */
  isPending(path: Path): boolean {
    const key = this.#paths.canonical(path).join()
    return this.#taken.has(key) && !this.#evaluated.has(key)
  }

  /** The path in the form to evaluate; undefined if it was taken before or breaks a limit. */
  async admit(path: Path): Promise<Path | undefined> {
    return this.#take(await this.#paths.admit(path, this.#isTaken))
  }

  /** A random path to evaluate; undefined if none is left, see {@link FeasiblePaths.draw}. */
  async draw(): Promise<Path | undefined> {
    return this.#take(await this.#paths.draw(this.#isTaken))
  }

  #take(path: Path | undefined): Path | undefined {
    if (path !== undefined) this.#taken.add(path.join())
    return path
  }

  /** Evaluates a path that {@link admit} or {@link draw} returned. */
  async evaluate(path: Path, origin: Origin): Promise<Candidate> {
    this.#problem.signal?.throwIfAborted()
    return this.#candidate(path, origin, await this.#problem.evaluate(path))
  }

  /**
   * Evaluates several such paths and yields them in their order.
   *
   * @throws UserError if the problem has fewer or more accuracies for them.
   */
  async *evaluateAll(drawn: readonly Drawn[]): AsyncGenerator<Candidate> {
    if (this.#problem.evaluateAll === undefined) {
      for (const { path, origin } of drawn) yield await this.evaluate(path, origin)
      return
    }
    this.#problem.signal?.throwIfAborted()
    const wrong = (received: string) => expected(`${drawn.length} accuracies`, 'evaluateAll', received)
    let next = 0
    for await (const accuracy of this.#problem.evaluateAll(drawn.map(({ path }) => path))) {
      if (next === drawn.length) throw wrong('more')
      const { path, origin } = drawn[next++]
      yield await this.#candidate(path, origin, accuracy)
    }
    if (next < drawn.length) throw wrong(`${next}`)
  }

  async #candidate(path: Path, origin: Origin, accuracy: number): Promise<Candidate> {
    const costs = await this.#paths.measures.all(path)
    if (!Number.isFinite(accuracy)) {
      throw new RangeError(`Expected a finite accuracy for path ${path.join()} but received ${accuracy}`)
    }
    const goals = this.#objectives.map((name) => (name === ACCURACY ? accuracy : -costs[name]))
    const candidate = { path, accuracy, costs, goals, origin }
    this.#evaluated.set(path.join(), candidate)
    return candidate
  }
}
