/** One side of pytorch.mjs's comparison, in a process of its own. */
import { NETWORKS } from './networks.mjs'
import { startAddon, startPytorch } from './worker.mjs'

/** @typedef {import('./worker.mjs').Requests} Requests */
/** @typedef {import('./worker.mjs').Answers} Answers */
/** @typedef {import('./worker.mjs').Worker} Worker */

export class Runner {
  variant
  #python
  #request
  #apart
  /** @type {Worker | undefined} */
  #worker
  /** @type {Answers['open'] | undefined} */
  #opened
  /** @type {number | undefined} */
  #peak

  /**
   * @param {import('./pytorch.mjs').Variant} variant
   * @param {Omit<Requests['open'], 'layout' | 'precision' | 'drop' | 'clipNorm' | 'measures' | 'optimizer'>} request
   * @param {string} python
   */
  constructor(variant, request, python) {
    const { alone, drop, step } = NETWORKS[request.network ?? 'nasbench201']
    const recipe = { drop, clipNorm: step.clipNorm, measures: !alone, optimizer: pytorchOptimizer(step) }
    this.variant = variant
    this.#request = { ...request, ...recipe, layout: variant.layout, precision: variant.precision }
    this.#python = python
    // The processes of networks that are trained alone would need tens of gigabytes together.
    this.#apart = alone
  }

  /**
   * The answer to a question. The process stays for the next one; or it begins anew for each, with a step before those
   * that are timed.
   *
   * @template {'check' | 'train' | 'eval'} Question
   * @param {{ do: Question } & Requests[Question]} question
   * @returns {Promise<Answers[Question]>}
   */
  async ask(question) {
    const worker = await this.#open()
    if (!this.#apart) return worker.ask(question)
    try {
      if (question.do !== 'check') await worker.ask(question)
      return await worker.ask(question)
    } finally {
      await this.stop()
    }
  }

  /** What the process said of itself, and the most memory that it ever had. */
  async describe() {
    if (this.#worker !== undefined) await this.#notePeak(this.#worker)
    if (this.#opened === undefined) throw new Error('Expected a runner that was asked')
    return { name: this.variant.name, ...this.#opened, peakBytes: this.#peak }
  }

  async stop() {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    // A process that has failed answers no more.
    await this.#notePeak(worker).catch(() => {})
    await worker.stop()
  }

  async #open() {
    if (this.#worker !== undefined) return this.#worker
    this.#worker = this.variant.layout === undefined ? startAddon() : startPytorch(this.#python)
    this.#opened = await this.#worker.ask({ do: 'open', ...this.#request })
    return this.#worker
  }

  /** @param {Worker} worker */
  async #notePeak(worker) {
    const { gpuPeak } = await worker.ask({ do: 'memory' })
    const peak = gpuPeak ?? worker.peakBytes()
    if (peak !== undefined) this.#peak = Math.max(this.#peak ?? 0, peak)
  }
}

/**
 * The arguments of torch.optim.SGD.
 *
 * @param {import('pada-native').StepOptions} step
 */
function pytorchOptimizer({ learningRate, optimizer }) {
  if (optimizer.kind !== 'sgd') throw new Error(`Expected sgd for both sides but received ${optimizer.kind}`)
  return { lr: learningRate, momentum: optimizer.momentum, weight_decay: optimizer.weightDecay }
}
