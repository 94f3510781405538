/**
 * An addon in plain JavaScript for tests of what surrounds it: same surface, made-up arithmetic. Every number that a
 * step yields or leaves behind depends on all that went in and on all that earlier steps left, so that a resumed run
 * equals an unbroken one only if everything was restored.
 */
import type { Batch, Binding, EvaluateOptions, ImageData, SgdOptions, StepOptions } from '../../src/native/index.js'

interface FakePlan {
  readonly parameters: readonly string[]
  readonly code: Int32Array
}

/** What went on, for tests to look at. */
export const journal = {
  compiled: 0,
  disposed: 0,
  evaluated: 0,
  /** Handles that nobody has disposed. */
  open: new Set<object>(),
  recalibrated: [] as number[][],
  steps: [] as StepRecordOfFake[],
}

export interface StepRecordOfFake {
  readonly parameters: readonly string[]
  readonly batch: Omit<Batch, 'dataset'>
  readonly options: StepOptions
}

class FakeDataset {
  readonly data: ImageData
  constructor(data: ImageData) {
    this.data = data
    journal.open.add(this)
  }

  dispose() {
    journal.open.delete(this)
  }
}

class FakeSupernet {
  readonly #names: readonly string[]
  readonly #offsets: number[] = [0]
  readonly #state: Record<string, Float32Array>
  #timesSampled: Float64Array
  #everSampled: Uint8Array

  constructor(
    names: readonly string[],
    shapes: readonly (readonly number[])[],
    buffers: { shapes: readonly (readonly number[])[]; initial: Float32Array },
  ) {
    this.#names = names
    for (const shape of shapes) this.#offsets.push(this.#offsets.at(-1)! + shape.reduce((a, b) => a * b, 1))
    const zeros = () => new Float32Array(this.#offsets.at(-1)!)
    this.#state = { parameters: zeros(), gradients: zeros(), momentum: zeros(), momentMean: zeros(), momentM2: zeros() }
    const each = buffers.shapes.map((shape, i) =>
      new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(buffers.initial[i]),
    )
    this.#state.buffers = Float32Array.from(each.flat())
    this.#timesSampled = new Float64Array(names.length)
    this.#everSampled = new Uint8Array(names.length)
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

  async trainStep(plan: FakePlan, _dataset: FakeDataset, batch: Omit<Batch, 'dataset'>, options: StepOptions) {
    journal.steps.push({ parameters: plan.parameters, batch: { ...batch, indices: batch.indices.slice() }, options })
    const seed =
      batch.indices.reduce((sum, index, i) => sum + (index + 1) * (i + 1), 0) +
      (batch.augmentation?.seed ?? 0) +
      (batch.drop?.seed ?? 0)
    const { parameters, momentum, momentMean, momentM2 } = this.#state
    const gradientNorms = new Float64Array(plan.parameters.length)
    for (const [at, name] of plan.parameters.entries()) {
      const parameter = this.#names.indexOf(name)
      const times = ++this.#timesSampled[parameter]
      this.#everSampled[parameter] = 1
      let square = 0
      for (let i = this.#offsets[parameter]; i < this.#offsets[parameter + 1]; i++) {
        const gradient = Math.sin(seed + i + 3 * parameters[i]) * 0.1
        square += gradient * gradient
        const delta = gradient - momentMean[i]
        momentMean[i] += delta / times
        momentM2[i] += delta * (gradient - momentMean[i])
        momentum[i] = options.momentum * momentum[i] + gradient + options.weightDecay * parameters[i]
        parameters[i] -= options.learningRate * momentum[i]
      }
      gradientNorms[at] = Math.sqrt(square)
    }
    const globalNorm = Math.hypot(...gradientNorms)
    const mixingGradients = batch.mixing?.map((_, i) => 0.1 * Math.sin(seed + i + parameters[0]))
    const importance = Float32Array.from(batch.indices, (index) => 0.7 + 0.7 * Math.sin(index + parameters[0]))
    return {
      loss: 2 + Math.sin(seed + parameters[0]),
      correct: batch.indices.length >> 1,
      importance,
      gradientNorms,
      globalNorm,
      clipScale: Math.min(1, options.clipNorm / globalNorm),
      ...(mixingGradients && { mixingGradients }),
    }
  }

  async observe(plan: FakePlan, _dataset: FakeDataset, { indices }: Omit<Batch, 'dataset'>) {
    const mixed = plan.code.reduce((sum, code, i) => (sum + code * (i + 1)) % 1009, 0) + this.#state.parameters[0]
    return { count: indices.length, correct: indices.length >> 1, loss: 2 + Math.sin(mixed) }
  }

  async evaluate(plan: FakePlan, dataset: FakeDataset, options: EvaluateOptions) {
    journal.evaluated++
    const count = options.count ?? dataset.data.labels.length
    const mixed =
      plan.code.reduce((sum, code, i) => (sum + code * (i + 1)) % 1009, 0) +
      this.#state.parameters[0] +
      (this.#state.buffers[0] ?? 0)
    const correct = Math.floor(count * (0.5 + 0.5 * Math.sin(mixed)))
    return { count, correct, loss: 1 + Math.cos(mixed) }
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

  async counts() {
    return { timesSampled: this.#timesSampled.slice(), everSampled: this.#everSampled.slice() }
  }

  async setCounts(timesSampled: Float64Array, everSampled: Uint8Array) {
    this.#timesSampled = timesSampled.slice()
    this.#everSampled = everSampled.slice()
  }

  async update(_options: SgdOptions) {}

  dispose() {
    journal.open.delete(this)
  }
}

export const fakeBinding = {
  info: () => ({ torch: 'fake', cpuCapability: 'none', threads: 1, cudaDevices: [] }),
  setThreads: async () => {},
  Dataset: FakeDataset,
  Supernet: FakeSupernet,
} as unknown as Binding
