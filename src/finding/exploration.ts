/** The book that every algorithm keeps: which paths it has evaluated, and which it still may. */
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

  /** The best one or the Pareto front of all that was evaluated. */
  front(): Candidate[] {
    return paretoFront([...this.#evaluated.values()])
  }

  /** What is known of a path that was evaluated, or of one that differs from it in dead edges only. */
  known(path: Path): Candidate | undefined {
    return this.#evaluated.get(this.#paths.canonical(path).join())
  }

  /** The path as it is to be evaluated, or undefined where it was already or breaks a limit. */
  admit(path: Path): Promise<Path | undefined> {
    return this.#paths.admit(path, this.#taken)
  }

  /** A random path to evaluate; undefined where none is left, see {@link FeasiblePaths.draw}. */
  draw(): Promise<Path | undefined> {
    return this.#paths.draw(this.#taken)
  }

  /** Evaluates a path that {@link admit} or {@link draw} gave. */
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
