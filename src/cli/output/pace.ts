/** Speed of a long task from its own progress, weighted to the recent past so that it follows a change of load. */
export class Pace {
  readonly #now: () => number
  #last: { amount: number; time: number } | undefined
  #perSecond: number | undefined

  /** `now` in seconds; a test passes its own clock. */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now
  }

  /** Tells how much is done so far. Returns units per second, undefined before two observations. */
  observe(amount: number): number | undefined {
    const time = this.#now()
    const last = this.#last
    if (last === undefined) {
      this.#last = { amount, time }
      return undefined
    }
    const elapsed = time - last.time
    if (elapsed < 0.05 || amount <= last.amount) return this.#perSecond
    const latest = (amount - last.amount) / elapsed
    // A five-second memory: short enough to notice, long enough to read.
    const share = 1 - Math.exp(-elapsed / 5)
    this.#perSecond = this.#perSecond === undefined ? latest : this.#perSecond + share * (latest - this.#perSecond)
    this.#last = { amount, time }
    return this.#perSecond
  }
}
