/** Every kind of optimizer, and averaged weights, against PyTorch's and timm's. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OptimizerConfig } from '../../src/config/schema.js'
import { type Arithmetic, Dataset, OPTIMIZER_SLOTS, type Plan, Supernet } from '../../src/native/index.js'
import type { Program } from '../../src/programs/program.js'
import { ProgramBuilder } from '../../src/programs/program-builder.js'
import type { BufferSpec, ParameterSpec } from '../../src/spaces/space.js'
import { averageDecay } from '../../src/training/averaging.js'
import { randomFloats, randomNumbers } from '../support/random.js'

interface Fixture {
  readonly learningRate: number
  /** Both parameters of the first 17 scalars below, after each of ten steps. */
  readonly optimizers: readonly {
    readonly optimizer: OptimizerConfig
    readonly steps: readonly (readonly number[])[]
  }[]
  /** Averages of 15 parameters and 6 buffers after ten updates. */
  readonly averages: readonly { readonly decay: number; readonly values: readonly number[] }[]
  readonly decays: { readonly decay: number; readonly updates: readonly number[]; readonly values: readonly number[] }
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/optimizers.json', import.meta.url), 'utf8'))

const INPUT = { channels: 2, height: 1, width: 1 }
const zeros = { kind: 'zeros' } as const
const SPECS: ParameterSpec[] = [
  { name: 'matrix', shape: [3, 4], init: zeros },
  { name: 'vector', shape: [5], init: zeros },
  { name: 'head.weight', shape: [2, 2], init: zeros },
  { name: 'head.bias', shape: [2], init: zeros },
]
/** Scalars of `matrix` and `vector`. */
const SIZE = 17

/** A linear layer, beside idle parameters whose gradients the tests write. */
function program(idle: string[]): Program {
  const builder = new ProgramBuilder()
  builder.idle(idle)
  const head = { weight: 'head.weight', bias: 'head.bias', features: 2 }
  return builder.finish(builder.linear(builder.input(INPUT), head))
}

let dataset: Dataset
beforeEach(() => {
  dataset = new Dataset({ images: Float32Array.of(1, 2, 3, 4), labels: Int32Array.of(0, 1), ...INPUT })
})
afterEach(() => dataset.dispose())
const batch = () => ({ dataset, indices: Int32Array.of(0, 1) })

/** The largest difference, relative to the largest number. */
function difference(received: ArrayLike<number>, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs))
  return Math.max(...expected.map((value, i) => Math.abs(value - received[i]))) / largest
}

const named = ({ optimizer: { kind, ...settings } }: { optimizer: OptimizerConfig }) =>
  `${kind} ${JSON.stringify(settings)}`

describe.each<Arithmetic>(['fast', 'reference'])('ten steps, arithmetic %s, of', (arithmetic) => {
  it.each(fixture.optimizers.map((row) => [named(row), row] as const))('%s', async (_, { optimizer, steps }) => {
    using net = new Supernet(SPECS, { arithmetic })
    using plan = net.compile(program(['matrix', 'vector']))
    const numbers = randomNumbers(7)
    const start = new Float32Array(SIZE + 6)
    start.set(randomFloats(numbers, SIZE, 0.5))
    await net.write('parameters', start)
    for (const [step, expected] of steps.entries()) {
      await net.accumulate(plan, batch())
      const gradients = new Float32Array(SIZE + 6)
      gradients.set(randomFloats(numbers, SIZE, 2))
      await net.write('gradients', gradients)
      await net.update({ learningRate: fixture.learningRate, optimizer, unsampled: 'skip' })
      expect(difference(await net.read('parameters'), expected), `step ${step}`).toBeLessThan(1e-6)
    }
  })
})

const KINDS: readonly OptimizerConfig[] = [
  { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  { kind: 'rmsprop-tf', alpha: 0.9, epsilon: 1e-3, momentum: 0.9, weightDecay: 0.1 },
  { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 },
]

describe.each(KINDS)('weights outside the path, with $kind,', (optimizer) => {
  const states = ['parameters', ...OPTIMIZER_SLOTS[optimizer.kind]] as const

  /** Both paths sample the head; the first also samples the idle parameters. */
  async function open(): Promise<{ net: Supernet; first: Plan; second: Plan } & Disposable> {
    const net = new Supernet(SPECS)
    const [first, second] = [['matrix', 'vector'], []].map((idle) => net.compile(program(idle)))
    await net.write('parameters', randomFloats(randomNumbers(3), SIZE + 6, 0.5))
    await net.accumulate(first, batch())
    await net.write('gradients', randomFloats(randomNumbers(4), SIZE + 6, 2))
    await net.update({ learningRate: 0.1, optimizer, unsampled: 'skip' })
    return { net, first, second, [Symbol.dispose]: () => [first, second, net].map((handle) => handle.dispose()) }
  }

  it('move with `decay` as by a gradient of zero', async () => {
    using one = await open()
    using other = await open()
    await one.net.accumulate(one.second, batch())
    await one.net.update({ learningRate: 0.1, optimizer, unsampled: 'decay' })
    await other.net.accumulate(other.first, batch())
    await other.net.update({ learningRate: 0.1, optimizer, unsampled: 'skip' })
    for (const kind of states) expect(await one.net.read(kind), kind).toEqual(await other.net.read(kind))
    expect((await one.net.counts()).timesUpdated).toEqual(Float64Array.of(2, 2, 2, 2))
  })

  it('stay with `skip`, and so does their state', async () => {
    using one = await open()
    const before = await Promise.all(states.map((kind) => one.net.read(kind)))
    await one.net.accumulate(one.second, batch())
    await one.net.update({ learningRate: 0.1, optimizer, unsampled: 'skip' })
    for (const [i, kind] of states.entries()) {
      const after = await one.net.read(kind)
      expect(after.subarray(0, SIZE), kind).toEqual(before[i].subarray(0, SIZE))
      expect(after.subarray(SIZE), kind).not.toEqual(before[i].subarray(SIZE))
    }
    expect((await one.net.counts()).timesUpdated).toEqual(Float64Array.of(1, 1, 2, 2))
  })

  it('begin anew after a reset', async () => {
    using one = await open()
    const start = randomFloats(randomNumbers(3), SIZE + 6, 0.5)
    const first = await one.net.read('parameters')
    await one.net.resetOptimizer()
    await one.net.write('parameters', start)
    await one.net.accumulate(one.first, batch())
    await one.net.write('gradients', randomFloats(randomNumbers(4), SIZE + 6, 2))
    await one.net.update({ learningRate: 0.1, optimizer, unsampled: 'skip' })
    expect(await one.net.read('parameters')).toEqual(first)
  })
})

describe('averaged weights', () => {
  const layer: ParameterSpec[] = [
    { name: 'weight', shape: [3, 4], init: zeros },
    { name: 'bias', shape: [3], init: zeros },
  ]
  const buffers: BufferSpec[] = [
    { name: 'running_mean', shape: [3], init: 0 },
    { name: 'running_var', shape: [3], init: 1 },
  ]
  const still = { learningRate: 0, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 }, unsampled: 'skip' } as const

  it.each(
    fixture.averages.flatMap((row) => (['fast', 'reference'] as const).map((arithmetic) => ({ ...row, arithmetic }))),
  )('are those of ModelEmaV2, decay $decay, $arithmetic', async ({ decay, values, arithmetic }) => {
    using net = new Supernet(layer, { buffers, arithmetic })
    const numbers = randomNumbers(9)
    const draw = async () => {
      await net.write('parameters', randomFloats(numbers, 15, 1))
      await net.write('buffers', randomFloats(numbers, 6, 1))
    }
    await draw()
    await net.restartAverages()
    for (let update = 0; update < 10; update++) {
      await draw()
      await net.update({ ...still, averageDecay: decay })
    }
    const averages = [...(await net.read('averagedParameters')), ...(await net.read('averagedBuffers'))]
    expect(difference(averages, values)).toBeLessThan(1e-6)
  })

  it('forget as fast as those of ModelEmaV3 with warm-up', () => {
    const { decay, updates, values } = fixture.decays
    for (const [i, update] of updates.entries()) {
      expect(averageDecay({ decay, warmup: true }, update)).toBeCloseTo(values[i], 8)
    }
    expect(averageDecay({ decay, warmup: false }, 0)).toBe(decay)
  })

  it('stay in an update without a decay, and until then equal the weights', async () => {
    using net = new Supernet(layer, { buffers })
    await net.write(
      'parameters',
      Float32Array.from({ length: 15 }, (_, i) => i),
    )
    await net.restartAverages()
    await net.write('parameters', new Float32Array(15))
    await net.update(still)
    expect(await net.read('averagedParameters')).toEqual(Float32Array.from({ length: 15 }, (_, i) => i))
    expect(await net.read('averagedBuffers')).toEqual(Float32Array.of(0, 0, 0, 1, 1, 1))
  })
})

describe('useWeights', () => {
  it('evaluates, reads and restores either set, and refuses to train the averages', async () => {
    using net = new Supernet(SPECS)
    using plan = net.compile(program([]))
    const raw = randomFloats(randomNumbers(1), SIZE + 6, 1)
    const averaged = randomFloats(randomNumbers(2), SIZE + 6, 1)
    await net.write('parameters', raw)
    await net.write('averagedParameters', averaged)
    const evaluated = async () => (await net.evaluate(plan, dataset, { batchSize: 2 })).loss
    const before = await evaluated()
    await net.useWeights('averaged')
    expect(await net.read('parameters')).toEqual(averaged)
    expect(await net.read('averagedParameters')).toEqual(averaged)
    const between = await evaluated()
    using other = new Supernet(SPECS)
    await other.write('parameters', averaged)
    using otherPlan = other.compile(program([]))
    expect(between).toBe((await other.evaluate(otherPlan, dataset, { batchSize: 2 })).loss)
    const step = {
      learningRate: 0.1,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      unsampled: 'skip',
    } as const
    await expect(net.accumulate(plan, batch())).rejects.toThrow(
      'Expected the raw weights for a training step but received the averaged ones',
    )
    await expect(net.update(step)).rejects.toThrow('Expected the raw weights for an update but received the averaged')
    await net.useWeights('averaged')
    await net.useWeights('raw')
    expect(await net.read('parameters')).toEqual(raw)
    expect(await net.read('averagedParameters')).toEqual(averaged)
    expect(await evaluated()).toBe(before)
    await expect(async () => net.useWeights('both' as 'raw')).rejects.toThrow(
      'Expected "raw" or "averaged" for weights but received "both"',
    )
  })

  it('takes copies of the weights for averages, if none were begun', async () => {
    using net = new Supernet(SPECS)
    const raw = randomFloats(randomNumbers(1), SIZE + 6, 1)
    await net.write('parameters', raw)
    await net.useWeights('averaged')
    expect(await net.read('parameters')).toEqual(raw)
  })
})
