/** The supernet of the fake addon: all state that the addon keeps, and invented arithmetic on it. */
import type {
  AccumulateOptions,
  Batch,
  EvaluateOptions,
  FinishOptions,
  GradientNoise,
  RestoreOptions,
  StepOptions,
  UpdateOptions,
} from '../../src/native/index.js'
import type { RawDataset, RawHeldBatch, RawPlan } from '../../src/native/raw.js'
import type { FakeDataset } from './fake-dataset.js'
import { journal } from './fake-journal.js'

interface FakePlan extends RawPlan {
  readonly code: Int32Array
}

/** A number that depends on everything in a batch. */
function seedOf({ indices, augmentation, drop, mixup, ...batch }: Omit<Batch, 'dataset'>): number {
  const inOrder = (values: ArrayLike<number> = []) =>
    Array.from(values).reduce((sum, value, i) => sum + value * (i + 1), 0)
  return (
    inOrder(indices.map((index) => index + 1)) +
    (augmentation?.seed ?? 0) +
    inOrder(augmentation?.positions) +
    (drop?.seed ?? 0) +
    (drop?.pathScale ?? 0) +
    (mixup?.share ?? 0) +
    inOrder(mixup?.partners) +
    inOrder(batch.weights) +
    inOrder(batch.mixing) +
    (batch.labelSmoothing ?? 0) +
    (batch.microBatchSize ?? 0)
  )
}

export class FakeSupernet {
  readonly #names: readonly string[]
  readonly #offsets: number[] = [0]
  readonly #state: Record<string, Float32Array>
  #timesSampled: Float64Array
  #everSampled: Uint8Array
  #timesUpdated: Float64Array
  readonly #pending = new Set<number>()
  #trial: Float32Array
  readonly #displacement: Float32Array

  constructor(
    names: readonly string[],
    shapes: readonly (readonly number[])[],
    buffers: { shapes: readonly (readonly number[])[]; initial: Float32Array },
  ) {
    this.#names = names
    for (const shape of shapes) this.#offsets.push(this.#offsets.at(-1)! + shape.reduce((a, b) => a * b, 1))
    const zeros = () => new Float32Array(this.#offsets.at(-1)!)
    this.#state = {
      parameters: zeros(),
      gradients: zeros(),
      momentum: zeros(),
      momentMean: zeros(),
      momentM2: zeros(),
      averagedParameters: zeros(),
    }
    const each = buffers.shapes.map((shape, i) =>
      new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(buffers.initial[i]),
    )
    this.#state.buffers = Float32Array.from(each.flat())
    this.#state.averagedBuffers = this.#state.buffers.slice()
    this.#trial = zeros()
    this.#displacement = zeros()
    this.#timesSampled = new Float64Array(names.length)
    this.#everSampled = new Uint8Array(names.length)
    this.#timesUpdated = new Float64Array(names.length)
    journal.open.add(this)
  }

  compile(code: Int32Array, names: readonly string[], idle: readonly string[]) {
    journal.compiled++
    const plan = {
      parameters: [...names, ...idle],
      code,
      dispose() {
        journal.disposed++
        journal.open.delete(plan)
      },
    }
    journal.open.add(plan)
    return plan
  }

  async accumulate(
    plan: FakePlan,
    _dataset: RawDataset | RawHeldBatch,
    batch: Omit<Batch, 'dataset'> | undefined,
    _options?: AccumulateOptions,
  ) {
    return this.#accumulate(plan, batch)
  }

  #accumulate(plan: FakePlan, batch: Omit<Batch, 'dataset'> | undefined) {
    if (batch === undefined) throw new TypeError('The fake addon knows no held batches')
    const seed = seedOf(batch)
    const { parameters, gradients } = this.#state
    for (const parameter of plan.parameters.map((name) => this.#names.indexOf(name))) {
      this.#pending.add(parameter)
      for (let i = this.#offsets[parameter]; i < this.#offsets[parameter + 1]; i++) {
        gradients[i] += Math.sin(seed + i + 3 * parameters[i]) * 0.1
      }
    }
    const mixingGradients = batch.mixing?.map((_, i) => 0.1 * Math.sin(seed + i + parameters[0]))
    const loss = 2 + Math.sin(seed + parameters[0])
    return {
      loss,
      totalLoss: loss,
      correct: batch.indices.length >> 1,
      correctTop5: batch.indices.length,
      importance: Float32Array.from(batch.indices, (index) => 0.7 + 0.7 * Math.sin(index + parameters[0])),
      ...(mixingGradients && { mixingGradients }),
    }
  }

  async addGradientNoise(noise: GradientNoise) {
    this.#addNoise(noise)
  }

  #addNoise({ deviation, seed }: GradientNoise) {
    const { gradients } = this.#state
    for (const i of this.#pendingScalars()) gradients[i] += deviation * Math.sin(seed + i)
  }

  async recordMoments() {
    this.#recordMoments()
  }

  #recordMoments() {
    const { gradients, momentMean, momentM2 } = this.#state
    for (const parameter of this.#pending) {
      const times = ++this.#timesSampled[parameter]
      this.#everSampled[parameter] = 1
      for (let i = this.#offsets[parameter]; i < this.#offsets[parameter + 1]; i++) {
        const delta = gradients[i] - momentMean[i]
        momentMean[i] += delta / times
        momentM2[i] += delta * (gradients[i] - momentMean[i])
      }
    }
  }

  async clip(maxNorm: number) {
    return this.#clip(maxNorm)
  }

  #clip(maxNorm: number) {
    const squares = this.#pendingScalars().reduce((sum, i) => sum + this.#state.gradients[i] ** 2, 0)
    const globalNorm = Math.sqrt(squares)
    return { globalNorm, clipScale: Math.min(1, maxNorm / globalNorm) }
  }

  async update(options: UpdateOptions) {
    this.#update(options)
  }

  #update({ learningRate, optimizer, averageDecay }: UpdateOptions) {
    if (optimizer.kind !== 'sgd') throw new TypeError('The fake addon knows SGD only')
    for (const parameter of this.#pending) this.#timesUpdated[parameter]++
    const { parameters, gradients, momentum } = this.#state
    for (const i of this.#pendingScalars()) {
      momentum[i] = optimizer.momentum * momentum[i] + gradients[i] + optimizer.weightDecay * parameters[i]
      parameters[i] -= learningRate * momentum[i]
    }
    if (averageDecay !== undefined) {
      const { averagedParameters, averagedBuffers, buffers } = this.#state
      for (const [averages, values] of [
        [averagedParameters, parameters],
        [averagedBuffers, buffers],
      ]) {
        for (const [i, value] of values.entries()) averages[i] += (1 - averageDecay) * (value - averages[i])
      }
    }
    this.#discard()
  }

  async restartAverages() {
    this.#state.averagedParameters = this.#state.parameters.slice()
    this.#state.averagedBuffers = this.#state.buffers.slice()
  }

  async distribute() {}

  async useWeights(which: 'raw' | 'averaged') {
    if (which === 'averaged') throw new TypeError('The fake addon uses raw weights only')
  }

  async resetOptimizer() {
    this.#state.momentum.fill(0)
    this.#timesUpdated.fill(0)
  }

  async discardGradients() {
    this.#discard()
  }

  #discard() {
    this.#state.gradients.fill(0)
    this.#pending.clear()
  }

  async finishStep(options: FinishOptions) {
    return this.#finish(options)
  }

  #finish(options: FinishOptions) {
    if (options.noise !== undefined) this.#addNoise(options.noise)
    this.#recordMoments()
    const clipped = this.#clip(options.clipNorm)
    this.#update(options)
    return clipped
  }

  /** Synchronous until its end, so that its parts are one call of the addon. */
  async trainStep(
    plan: FakePlan,
    _dataset: RawDataset | RawHeldBatch,
    batch: Omit<Batch, 'dataset'> | undefined,
    options: StepOptions,
  ) {
    journal.steps.push({ parameters: plan.parameters, batch: { ...batch!, indices: batch!.indices.slice() }, options })
    const record = this.#accumulate(plan, batch)
    const gradientNorms = Float64Array.from(plan.parameters, (name) => {
      const parameter = this.#names.indexOf(name)
      return Math.hypot(...this.#state.gradients.subarray(this.#offsets[parameter], this.#offsets[parameter + 1]))
    })
    return { ...record, gradientNorms, ...this.#finish(options) }
  }

  #pendingScalars(): number[] {
    return [...this.#pending].flatMap((parameter) => {
      const first = this.#offsets[parameter]
      return Array.from({ length: this.#offsets[parameter + 1] - first }, (_, i) => first + i)
    })
  }

  async snapshot() {
    this.#trial = this.#state.parameters.slice()
  }

  async restore(_plan: FakePlan, { displacement, optimizer }: RestoreOptions) {
    const { parameters, momentum } = this.#state
    for (const [i, before] of this.#trial.entries()) {
      this.#displacement[i] += displacement * (before - parameters[i])
      parameters[i] = before
    }
    if (optimizer === 'reset') momentum.fill(0)
  }

  async displacementToGradients() {
    for (const [i, moved] of this.#displacement.entries()) this.#state.gradients[i] += moved
    this.#displacement.fill(0)
  }

  async observe(plan: FakePlan, _dataset: RawDataset | RawHeldBatch, batch: Omit<Batch, 'dataset'> | undefined) {
    const { indices } = batch!
    const mixed = plan.code.reduce((sum, code, i) => (sum + code * (i + 1)) % 1009, 0) + this.#state.parameters[0]
    return {
      count: indices.length,
      correct: indices.length >> 1,
      correctTop5: indices.length,
      loss: 2 + Math.sin(mixed),
    }
  }

  async evaluate(plan: FakePlan, dataset: FakeDataset, options: EvaluateOptions) {
    journal.evaluated++
    const count = options.count ?? dataset.data.labels.length
    const mixed =
      plan.code.reduce((sum, code, i) => (sum + code * (i + 1)) % 1009, 0) +
      this.#state.parameters[0] +
      (this.#state.buffers[0] ?? 0)
    const correct = Math.floor(count * (0.5 + 0.5 * Math.sin(mixed)))
    return { count, correct, correctTop5: count, loss: 1 + Math.cos(mixed) }
  }

  async recalibrate(plan: FakePlan, dataset: FakeDataset, { indices }: { indices: Int32Array }, batchSize: number) {
    if (indices.length > dataset.data.labels.length) throw new RangeError('indices')
    journal.recalibrated.push([...indices])
    const mixed = plan.code.reduce((sum, code, i) => (sum + code * (i + 1)) % 1009, 0) + batchSize
    this.#state.buffers.forEach((_, i, buffers) => {
      buffers[i] = Math.sin(mixed + i) + indices.reduce((sum, index) => sum + index, 0)
    })
  }

  async moments() {
    const meanVariance = this.#timesSampled.map((times, parameter) => {
      const m2 = this.#state.momentM2.subarray(this.#offsets[parameter], this.#offsets[parameter + 1])
      return times === 0 ? 0 : m2.reduce((sum, value) => sum + value, 0) / times / m2.length
    })
    return { timesSampled: this.#timesSampled.slice(), meanVariance }
  }

  async resetMoments() {
    this.#timesSampled.fill(0)
    this.#state.momentMean.fill(0)
    this.#state.momentM2.fill(0)
  }

  async read(kind: string) {
    return this.#state[kind].slice()
  }

  async write(kind: string, values: Float32Array) {
    this.#state[kind].set(values)
  }

  async logits(_plan: FakePlan, _dataset: FakeDataset, indices: Int32Array) {
    return Float32Array.from(indices, (index) => Math.sin(index + this.#state.parameters[0]))
  }

  async convolutionSeconds() {
    return 1
  }

  async counts() {
    return {
      timesSampled: this.#timesSampled.slice(),
      everSampled: this.#everSampled.slice(),
      timesUpdated: this.#timesUpdated.slice(),
    }
  }

  async setCounts(timesSampled: Float64Array, everSampled: Uint8Array, timesUpdated: Float64Array) {
    this.#timesSampled = timesSampled.slice()
    this.#everSampled = everSampled.slice()
    this.#timesUpdated = timesUpdated.slice()
  }

  dispose() {
    journal.open.delete(this)
  }
}
