/** Speed of a long task, from its progress. Recent progress weighs more, so the speed follows changes of load. */
export class Pace {
  readonly #now: () => number
  #last: { amount: number; time: number } | undefined
  #perSecond: number | undefined

  /** `now` gives the time in seconds; tests pass their own clock. */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now
  }

  /** Begins anew, with another task. */
  restart(): void {
    this.#last = undefined
    this.#perSecond = undefined
  }

  /** Leaves out the time until the next observation, in which something else is done. */
  pause(): void {
    this.#last = undefined
  }

  /** Observes the amount done so far. Returns units per second; undefined before the second observation. */
  observe(amount: number): number | undefined {
    const time = this.#now()
    const last = this.#last
    if (last === undefined) {
      this.#last = { amount, time }
      return this.#perSecond
    }
    const elapsed = time - last.time
    if (elapsed < 0.05 || amount <= last.amount) return this.#perSecond
    const latest = (amount - last.amount) / elapsed
    // The weight of the past decays by e in five seconds: fast enough to follow the load, slow enough to read.
    const share = 1 - Math.exp(-elapsed / 5)
    this.#perSecond = this.#perSecond === undefined ? latest : this.#perSecond + share * (latest - this.#perSecond)
    this.#last = { amount, time }
    return this.#perSecond
  }
}
