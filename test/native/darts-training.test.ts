/** Steps of a network of DARTS with its auxiliary head, beside PyTorch's in float64. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Dataset, type Plan, Supernet } from '../../src/native/index.js'
import type { Instruction, Program } from '../../src/programs/program.js'
import { DARTS_V2, dartsNetwork } from '../../src/spaces/index.js'
import { auxiliaryLogits, fixtureImages, fixtureState } from '../support/darts-fixture.js'
import { randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'
import { byName } from '../support/state.js'

/** Product of a tensor with a random vector, and the tensor's norm. */
type Sketch = readonly [product: number, norm: number]

/** From scripts/fixtures/darts_training.py. */
const fixture: {
  readonly channels: number
  readonly cells: number
  readonly classes: number
  readonly size: number
  readonly batch: number
  readonly sketchSeed: number
  readonly auxiliaryWeight: number
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  readonly clipNorm: number
  readonly logits: readonly number[]
  readonly auxiliary: readonly number[]
  readonly gradients: readonly Sketch[]
  readonly steps: readonly { readonly loss: number; readonly totalLoss: number; readonly globalNorm: number }[]
  readonly moved: readonly Sketch[]
  readonly buffers: readonly Sketch[]
} = JSON.parse(readFileSync(new URL('../fixtures/darts-training.json', import.meta.url), 'utf8'))

const { channels, cells, classes, size, auxiliaryWeight } = fixture
const space = dartsNetwork(DARTS_V2, {
  channels,
  cells,
  classes,
  input: { channels: 3, height: size, width: size },
  auxiliary: true,
  auxiliaryWeight,
})
const specs = space.parameters()
const buffers = space.buffers()
const indices = Int32Array.from({ length: fixture.batch }, (_, i) => i)

interface Open extends Disposable {
  readonly net: Supernet
  readonly plan: Plan
  readonly dataset: Dataset
  /** Logits of another program of the same tensors. */
  logits(program: Program): Promise<Float32Array>
}

async function open(arithmetic: 'fast' | 'reference'): Promise<Open> {
  const net = new Supernet(specs, { buffers, arithmetic })
  const state = fixtureState(specs, buffers)
  await net.write('parameters', joined(state.parameters.map(shifted)))
  await net.write('buffers', joined(state.buffers))
  const labels = indices.map((i) => i % classes)
  const dataset = new Dataset({ images: fixtureImages(fixture), labels, ...space.input })
  const plan = net.compile(space.program([]))
  return {
    net,
    plan,
    dataset,
    async logits(program) {
      using other = net.compile(program)
      return await net.logits(other, dataset, indices)
    },
    [Symbol.dispose]() {
      for (const handle of [plan, dataset, net]) handle.dispose()
    },
  }
}

/** Shifts of norms so far from zero that no ReLU has an input near it, whose sign rounding would decide. */
function shifted(tensor: Float32Array, index: number): Float32Array {
  if (specs[index].init.kind !== 'zeros') return tensor
  return tensor.map((value, channel) => value + (channel % 4 === 3 ? -8 : 8))
}

function joined(tensors: readonly Float32Array[]): Float32Array {
  return Float32Array.from(tensors.flatMap((tensor) => [...tensor]))
}

/** The program with the statistics of the batch in all norms, as in training. */
function byBatchStatistics(program: Program): Program {
  const instructions = program.instructions.map((instruction): Instruction => {
    return instruction.op === 'batchNorm' ? { ...instruction, running: undefined } : instruction
  })
  return { ...program, instructions }
}

/** The largest error of the sketches of tensors, relative to the largest norm of a tensor. */
function worst(tensors: Iterable<Float32Array>, expected: readonly Sketch[]): number {
  const found = [...tensors].map((tensor, i) => sketch(tensor, randomNumbers(fixture.sketchSeed + i)))
  return relativeError(found.flat(), expected.flat())
}

function sketch(tensor: Float32Array, random: () => number): Sketch {
  let product = 0
  let squares = 0
  for (const value of tensor) {
    product += value * random()
    squares += value * value
  }
  return [product, Math.sqrt(squares)]
}

const step = {
  learningRate: fixture.learningRate,
  optimizer: {
    kind: 'sgd',
    momentum: fixture.momentum,
    weightDecay: fixture.weightDecay,
  },
  clipNorm: fixture.clipNorm,
  unsampled: 'skip',
} as const

describe.each(['fast', 'reference'] as const)('a network of DARTS with its auxiliary head, %s', (arithmetic) => {
  it('computes the logits of both outputs', async () => {
    using at = await open(arithmetic)
    const program = byBatchStatistics(space.program([]))
    expect(relativeError(await at.logits(program), fixture.logits)).toBeLessThan(1e-5)
    expect(relativeError(await at.logits(auxiliaryLogits(program)), fixture.auxiliary)).toBeLessThan(1e-5)
  })

  it('has the losses and the gradients of all parameters', async () => {
    using at = await open(arithmetic)
    const { loss, totalLoss } = await at.net.accumulate(at.plan, { dataset: at.dataset, indices })
    expect(Math.abs(loss - fixture.steps[0].loss)).toBeLessThan(1e-5 * loss)
    expect(Math.abs(totalLoss - fixture.steps[0].totalLoss)).toBeLessThan(1e-5 * totalLoss)
    const gradients = byName(specs, await at.net.read('gradients'))
    expect(worst(gradients.values(), fixture.gradients)).toBeLessThan(1e-5)
  })

  it('moves as PyTorch does in three steps of SGD, running statistics included', async () => {
    using at = await open(arithmetic)
    const before = await at.net.read('parameters')
    for (const expected of fixture.steps) {
      const record = await at.net.trainStep(at.plan, { dataset: at.dataset, indices }, step)
      for (const name of ['loss', 'totalLoss', 'globalNorm'] as const) {
        expect(Math.abs(record[name] - expected[name]), name).toBeLessThan(1e-5 * expected[name])
      }
    }
    const moved = (await at.net.read('parameters')).map((value, i) => value - before[i])
    // PyTorch's own float32 is off by 2e-5.
    expect(worst(byName(specs, moved).values(), fixture.moved)).toBeLessThan(5e-5)
    expect(worst(byName(buffers, await at.net.read('buffers')).values(), fixture.buffers)).toBeLessThan(1e-5)
  })
})
