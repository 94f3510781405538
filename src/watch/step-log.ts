import type { StepEvent } from '../training/events.js'
import type { LogReceiver } from './log-follower.js'
import { Series } from './series.js'

/**
 * Takes the sampled step events of a run. The columns are `position`, in epochs, and `loss`: the mean of the steps since
 * the sample before, because step events give the mean since the epoch began.
 */
export class StepLog implements LogReceiver {
  readonly series = new Series()
  generation = 0
  #last: StepEvent | undefined

  restart(): void {
    this.generation++
    this.series.clear()
    this.#last = undefined
  }

  line(text: string): void {
    const event = stepOf(text)
    if (event === undefined) return
    const { epoch, step, steps, loss } = event
    const last = this.#last?.epoch === epoch && this.#last.step < step ? this.#last : { step: 0, loss: 0 }
    const since = (loss * step - last.loss * last.step) / (step - last.step)
    this.#last = event
    this.series.add()
    this.series.set('position', epoch + step / steps)
    this.series.set('loss', since)
  }
}

/** The event of a line; undefined if it is damaged, or if it has no place or no loss. */
function stepOf(text: string): StepEvent | undefined {
  try {
    const event = JSON.parse(text) as StepEvent
    const { epoch, step, steps, loss } = event
    const placed = [epoch, step, steps].every(Number.isSafeInteger) && steps > 0
    return event.event === 'step' && placed && Number.isFinite(loss) ? event : undefined
  } catch {
    return undefined
  }
}
