/** Between which steps a training stops because its signal, or that of another process, was aborted. */
import type { World } from '../distributed/world.js'
import type { StepOutcome } from '../methods/method.js'

/**
 * Alone, a training stops before the next step. Several processes must stop before the same step: one that began a step
 * which the others do not take would wait for them. Each step tells all of them whether one wishes to stop. A process
 * may have begun the step after it by then, so they stop before the second step after it.
 */
export class Stopping implements Disposable {
  readonly #signal: AbortSignal | undefined
  readonly #world: World | undefined
  /** Wishes that the last step told, and the step before it. */
  #last = false
  #before = false
  readonly #request = () => this.#world?.communicator.requestStop()

  constructor(signal: AbortSignal | undefined, world: World | undefined) {
    this.#signal = signal
    this.#world = world
    if (world === undefined) return
    if (signal?.aborted) this.#request()
    signal?.addEventListener('abort', this.#request, { once: true })
  }

  /** Takes note of a step that has ended. */
  note({ stop = false }: Pick<StepOutcome, 'stop'>): void {
    this.#before = this.#last
    this.#last = stop
  }

  /** True if training stops now, between two steps. */
  get isDue(): boolean {
    return this.#world === undefined ? Boolean(this.#signal?.aborted) : this.#before
  }

  /** True if training stops when the step that computes at present ends. */
  get isWished(): boolean {
    return this.#world === undefined ? Boolean(this.#signal?.aborted) : this.#last
  }

  /** Why training stops. */
  get reason(): unknown {
    if (this.#signal?.aborted) return this.#signal.reason
    return new DOMException('another process of the training was interrupted', 'AbortError')
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener('abort', this.#request)
  }
}
