import type { Plan, Supernet } from '../native/index.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** Enough to keep the paths of a concentrated distribution. Making a plan takes far less time than its step. */
const CAPACITY = 512

/** Keeps the plans of the paths used last, so that a path sampled again need not be compiled again. */
export class PlanCache implements Disposable {
  readonly #space: Pick<SearchSpace, 'program'>
  readonly #supernet: Pick<Supernet, 'compile'>
  readonly #capacity: number
  /** A Map iterates in order of insertion: the first entry was used longest ago. */
  readonly #plans = new Map<string, Plan>()

  constructor(space: Pick<SearchSpace, 'program'>, supernet: Pick<Supernet, 'compile'>, capacity = CAPACITY) {
    this.#space = space
    this.#supernet = supernet
    this.#capacity = capacity
  }

  /** The plan of a path; the cache disposes it when `capacity` other paths have been used after it. */
  get(path: Path): Plan {
    const key = path.join()
    const plan = this.#plans.get(key) ?? this.#supernet.compile(this.#space.program(path))
    this.#plans.delete(key)
    this.#plans.set(key, plan)
    if (this.#plans.size > this.#capacity) {
      const [oldest, evicted] = this.#plans.entries().next().value!
      this.#plans.delete(oldest)
      evicted.dispose()
    }
    return plan
  }

  /** Forgets all plans, whose programs may have changed. */
  clear(): void {
    for (const plan of this.#plans.values()) plan.dispose()
    this.#plans.clear()
  }

  [Symbol.dispose](): void {
    this.clear()
  }
}
