/** The times of a training: of its steps, and the share that it waits for images. */
import type { ImageSource } from '../native/index.js'

/** Measures in which share of the steps' seconds computation waits for images; nothing if they are in memory. */
export class WaitingShare {
  readonly #data: ImageSource
  #report = { seconds: 0, waited: 0 }
  #epoch = { seconds: 0, waited: 0 }

  constructor(data: ImageSource) {
    this.#data = data
  }

  sinceLastReport(seconds: number): { waiting?: number } {
    const { share, now } = this.#since(this.#report, seconds)
    this.#report = now
    return share
  }

  sinceLastEpoch(seconds: number): { waiting?: number } {
    const { share, now } = this.#since(this.#epoch, seconds)
    this.#epoch = now
    return share
  }

  /** Leaves out what was waited since the last step, `seconds` being those of all steps. */
  skip(seconds: number): void {
    this.sinceLastReport(seconds)
    this.sinceLastEpoch(seconds)
  }

  #since(last: { seconds: number; waited: number }, seconds: number) {
    const { waitedSeconds: waited } = this.#data
    if (waited === undefined) return { share: {}, now: last }
    const share = Math.min(1, (waited - last.waited) / Math.max(seconds - last.seconds, 1e-9))
    return { share: { waiting: share }, now: { seconds, waited } }
  }
}

/** Measures seconds since its creation (`total`) and since the last lap. */
export class Clock {
  readonly #start = performance.now()
  #lap = this.#start

  get total(): number {
    return (performance.now() - this.#start) / 1000
  }

  lap(): number {
    const now = performance.now()
    const seconds = (now - this.#lap) / 1000
    this.#lap = now
    return seconds
  }
}
