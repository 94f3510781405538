/** Remembers the paths that an algorithm has evaluated, and gives it paths that it may still evaluate. */
import { RandomStream } from '../base/random.js'
import type { Path } from '../spaces/space.js'
import { FeasiblePaths } from './feasible-paths.js'
import { paretoFront } from './pareto.js'
import { ACCURACY, type Candidate, checkNames, costsOf, type Origin, type Problem } from './problem.js'

export class Exploration {
  readonly random: RandomStream
  readonly #problem: Problem
  readonly #objectives: readonly string[]
  readonly #paths: FeasiblePaths
  readonly #evaluated = new Map<string, Candidate>()
  readonly #taken = (path: Path) => this.#evaluated.has(path.join())

  constructor(problem: Problem) {
    const { space, costs = costsOf(space), limits = {}, objectives = [ACCURACY], random } = problem
    checkNames(costs, limits, objectives)
    this.random = random ?? RandomStream.named(0, 'finding')
    this.#problem = problem
    this.#objectives = objectives
    this.#paths = new FeasiblePaths({ ...problem, costs }, this.random)
  }

  /** Number of evaluations. */
  get count(): number {
    return this.#evaluated.size
  }

  /** With one objective, the best candidate; with several, the Pareto front of all candidates. */
  front(): Candidate[] {
    return paretoFront([...this.#evaluated.values()])
  }

  /** The candidate with this path, or with a path that differs in dead edges only. */
  known(path: Path): Candidate | undefined {
    return this.#evaluated.get(this.#paths.canonical(path).join())
  }

  /** The path in the form to evaluate; undefined if it was evaluated before or breaks a limit. */
  admit(path: Path): Promise<Path | undefined> {
    return this.#paths.admit(path, this.#taken)
  }

  /** A random path to evaluate; undefined if none is left, see {@link FeasiblePaths.draw}. */
  draw(): Promise<Path | undefined> {
    return this.#paths.draw(this.#taken)
  }

  /** Evaluates a path that {@link admit} or {@link draw} returned. */
  async evaluate(path: Path, origin: Origin): Promise<Candidate> {
    const { evaluate, signal } = this.#problem
    signal?.throwIfAborted()
    const costs = await this.#paths.measures.all(path)
    const accuracy = await evaluate.call(this.#problem, path)
    if (!Number.isFinite(accuracy)) {
      throw new RangeError(`Expected a finite accuracy for path ${path.join()} but received ${accuracy}`)
    }
    const goals = this.#objectives.map((name) => (name === ACCURACY ? accuracy : -costs[name]))
    const candidate = { path, accuracy, costs, goals, origin }
    this.#evaluated.set(path.join(), candidate)
    return candidate
  }
}
