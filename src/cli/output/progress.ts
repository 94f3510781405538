import { decimal, duration, integer, percent, scientific } from '../../base/format.js'
import { Pace } from '../../base/pace.js'
import type { RetrainEpochEvent, RetrainStartEvent } from '../../retraining/events.js'
import type {
  CandidateEvent,
  EpochEvent,
  EvaluatedEvent,
  MeasuringEvent,
  StartEvent,
  StepEvent,
} from '../../search/events.js'

export type ProgressEvent =
  | StepEvent
  | MeasuringEvent
  | EpochEvent
  | RetrainEpochEvent
  | EvaluatedEvent
  | CandidateEvent

/** What is done while training waits. */
const MEASURING: Readonly<Record<MeasuringEvent['what'], string>> = {
  gradientVariance: 'measuring the gradient variance',
  accuracy: 'evaluating on test images',
}

/** Shares of waiting below this one are not shown. */
const LEAST_WAITING = 0.01

/** Progress of one phase of a search, with parts ready to print. */
export interface Progress {
  readonly phase: 'training' | 'ranking' | 'finding'
  readonly done: number
  readonly total: number
  /** Position in the phase, e.g. `epoch 3/40`. */
  readonly position: string
  /** Loss in training, with gradient variance or test accuracy;  best accuracy in finding, empty in ranking. */
  readonly detail: string
  /** Images or sub-models per second; empty until it is known. */
  readonly speed: string
  /** Time left for this phase; empty until it is known, and at the end. */
  readonly left: string
}

/** Computes progress, speed and time left from the events of a search. */
export class ProgressMeter {
  #epochs = 0
  #stepsPerEpoch = 0
  /** What the last epoch's event told. */
  #lastEpoch = ''
  readonly #pace = new Pace()
  readonly #imagePace = new Pace()
  #phase: Progress['phase'] | undefined

  start(event: Pick<StartEvent | RetrainStartEvent, 'epochs' | 'stepsPerEpoch'>): void {
    this.#epochs = event.epochs
    this.#stepsPerEpoch = event.stepsPerEpoch
  }

  update(event: ProgressEvent): Progress {
    switch (event.event) {
      case 'step':
        return this.#training(event, event.step, this.#imagePace.observe(event.images))
      case 'measuring':
        this.#pace.pause()
        this.#imagePace.pause()
        return { ...this.#atEpoch(event, this.#stepsPerEpoch), detail: MEASURING[event.what], speed: '', left: '' }
      case 'epoch':
        this.#lastEpoch = 'top1' in event ? describeTest(event) : `GV ${scientific(event.gradientVariance)}`
        return this.#training(event, this.#stepsPerEpoch, event.imagesPerSecond)
      case 'evaluated':
        return this.#evaluating('ranking', event, '')
      case 'candidate':
        return this.#evaluating('finding', event, `best ${percent(event.best)}`)
    }
  }

  #training(
    event: StepEvent | EpochEvent | RetrainEpochEvent,
    step: number,
    imagesPerSecond: number | undefined,
  ): Progress {
    const position = this.#atEpoch(event, step)
    const stepsPerSecond = this.#observe('training', position.done)
    return {
      ...position,
      detail: [`loss ${decimal(event.loss)}`, this.#lastEpoch].filter(Boolean).join(' · '),
      speed: imagesPerSecond ? `${integer(imagesPerSecond)} images/s${describeWaiting(event)}` : '',
      left: timeLeft(position.total - position.done, stepsPerSecond),
    }
  }

  #atEpoch({ epoch }: { readonly epoch: number }, step: number) {
    const done = epoch * this.#stepsPerEpoch + step
    const total = this.#epochs * this.#stepsPerEpoch
    return { phase: 'training', done, total, position: `epoch ${epoch + 1}/${this.#epochs}` } as const
  }

  #evaluating(phase: Progress['phase'], event: EvaluatedEvent | CandidateEvent, detail: string): Progress {
    if ('known' in event) this.#pace.restart()
    const perSecond = this.#observe(phase, event.done)
    return {
      phase,
      done: event.done,
      total: event.total,
      position: `${integer(event.done)}/${integer(event.total)} sub-models`,
      detail,
      speed: perSecond ? `${perSecond < 10 ? perSecond.toFixed(1) : integer(perSecond)} sub-models/s` : '',
      left: timeLeft(event.total - event.done, perSecond),
    }
  }

  #observe(phase: Progress['phase'], done: number): number | undefined {
    if (phase !== this.#phase) this.#pace.restart()
    this.#phase = phase
    return this.#pace.observe(done)
  }
}

/** The known parts of a progress in one line. */
export function describe(progress: Progress): string {
  return [progress.position, progress.detail, progress.speed, progress.left].filter(Boolean).join(' · ')
}

function timeLeft(remaining: number, perSecond: number | undefined): string {
  return perSecond && remaining > 0 ? `${duration(remaining / perSecond)} left` : ''
}

/** Nothing for images in memory, and for steps that find their images ready. */
function describeWaiting({ waiting = 0 }: Pick<StepEvent, 'waiting'>): string {
  return waiting < LEAST_WAITING ? '' : `, ${percent(waiting)} of the time waiting for images`
}

function describeTest({ top1, top1Averaged }: RetrainEpochEvent): string {
  return `test ${percent(top1)}${top1Averaged === undefined ? '' : `, averaged ${percent(top1Averaged)}`}`
}
