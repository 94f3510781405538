import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../../src/base/random.js'
import { Gate } from '../../../../src/methods/close/gate.js'
import { type Choice, gumbelBackward, gumbelChoice } from '../../../../src/methods/close/gumbel.js'
import { sgdStep } from '../../../../src/methods/close/optimizer.js'
import { PathSampler } from '../../../../src/sampling/paths.js'
import { type CellGraph, nasBench201 } from '../../../../src/spaces/index.js'
import { chiSquare, histogram } from '../../../support/chi-square.js'
import { randomFloats, randomNumbers } from '../../../support/random.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1 })
const blocks = space.withBlocks(3)
const OPERATIONS = space.operations.length
const random = () => RandomStream.named(1, 'gate test')

/** Two paths whose convolutions lie on different edges, one of them with dead edges. */
const PATHS = [
  [3, 2, 4, 1, 3, 2],
  [3, 3, 0, 2, 0, 1],
]

describe('the gate', () => {
  it.each(PATHS.map((path) => ({ path })))('has the gradients that finite differences have: $path', ({ path }) => {
    const gate = Gate.random(OPERATIONS, 3, random())
    const graph = blocks.graph(path)
    const stream = RandomStream.named(2, 'weights of logits')
    const trace = gate.logits(graph)
    const weights = trace.logits.map((logits) => logits.map(() => 2 * stream.uniform() - 1))
    const value = () =>
      gate.logits(graph).logits.reduce((sum, row, i) => sum + row.reduce((s, x, k) => s + x * weights[i][k], 0), 0)
    gate.backward(trace, weights)
    const gradients = gate.gradients.slice()
    // Some of every tensor, more of the encoder's.
    let compared = 0
    for (let i = 0; i < gate.values.length; i += i < 5500 ? 37 : 997) {
      const before = gate.values[i]
      gate.values[i] = before + 1e-5
      const above = value()
      gate.values[i] = before - 1e-5
      const below = value()
      gate.values[i] = before
      expect(gradients[i], `parameter ${i}`).toBeCloseTo((above - below) / 2e-5, 6)
      if (gradients[i] !== 0) compared++
    }
    expect(compared).toBeGreaterThan(80)
  })

  it('adds gradients, which a step clears, of edges without weights nothing', () => {
    const gate = Gate.random(OPERATIONS, 2, random())
    const trace = gate.logits(blocks.graph(PATHS[0]))
    expect(trace.logits).toHaveLength(4)
    const ones = trace.logits.map((logits) => logits.map((_, i) => i))
    gate.backward(trace, ones)
    const once = gate.gradients.slice()
    gate.backward(trace, ones)
    for (const [i, gradient] of gate.gradients.entries()) expect(gradient).toBeCloseTo(2 * once[i], 10)
    const momentum = new Float64Array(once.length)
    sgdStep(gate, momentum, {
      learningRate: 0.1,
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
      clipNorm: 5,
    })
    expect(gate.gradients.every((gradient) => gradient === 0)).toBe(true)
    expect(Math.hypot(...momentum)).toBeCloseTo(5, 4)
    expect(blocks.graph([1, 4, 0, 1, 0, 4]).edges.some(({ draws }) => draws)).toBe(false)
    expect(gate.logits(blocks.graph([1, 4, 0, 1, 0, 4])).logits).toEqual([])
  })

  it('sees what a path computes, not its dead edges', () => {
    const gate = Gate.random(OPERATIONS, 3, random())
    const logits = (path: number[]) => gate.logits(blocks.graph(path)).logits
    // 1←0 is dead where node 1 goes nowhere.
    expect(logits([3, 2, 0, 3, 0, 2])).toEqual(logits([0, 2, 0, 3, 0, 2]))
    expect(logits([0, 2, 0, 3, 0, 3])).not.toEqual(logits([0, 2, 0, 3, 0, 2]))
    expect(logits([0, 0, 0, 0, 0, 0])).toEqual([])
  })

  it('keeps its encoder and draws a new perceptron when a block is opened', () => {
    const gate = Gate.random(OPERATIONS, 1, random())
    const wider = gate.reopened(2, RandomStream.named(3, 'perceptron'))
    expect(wider.open).toBe(2)
    const before = gate.tensors()
    for (const [name, { data, shape }] of wider.tensors()) {
      if (name.includes('perceptron')) expect(data).not.toEqual(before.get(name)!.data)
      else expect(data).toEqual(before.get(name)!.data)
      const bound =
        1 /
        Math.sqrt(
          name.endsWith('weight') ? shape[1] : (wider.tensors().get(name.replace('bias', 'weight'))?.shape[1] ?? 1 / 3),
        )
      if (name.includes('perceptron'))
        expect(Math.max(...(data as Float32Array).map(Math.abs))).toBeLessThanOrEqual(bound)
    }
  })

  it('is in a file of weights what it was', () => {
    const gate = Gate.random(OPERATIONS, 3, random())
    const momentum = new Float64Array(gate.values.length)
    gate.gradients.fill(0.001)
    sgdStep(gate, momentum, {
      learningRate: 0.05,
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
      clipNorm: 5,
    })
    const again = Gate.fromTensors(OPERATIONS, gate.tensors())!
    expect(again.open).toBe(3)
    expect(again.values).toEqual(gate.values)
    expect(Gate.fromTensors(OPERATIONS, new Map())).toBeUndefined()
    const broken = gate.tensors()
    broken.delete('gate.message.bias')
    expect(() => Gate.fromTensors(OPERATIONS, broken)).toThrow(
      'Expected float32 numbers of shape 48 for gate.message.bias but received none',
    )
    const diverged = gate.tensors()
    diverged.get('gate.message.bias')!.data[3] = Number.NaN
    expect(() => Gate.fromTensors(OPERATIONS, diverged)).toThrow(
      'Expected finite numbers for gate.message.bias but received NaN',
    )
  })
})

describe('the Gumbel softmax', () => {
  it('draws by softmax of the logits, and softens by the temperature', () => {
    const logits = Float64Array.of(0.5, -1, 1.2)
    const powers = logits.map(Math.exp)
    const total = powers.reduce((sum, power) => sum + power, 0)
    const stream = RandomStream.named(6, 'gumbel')
    const counts = histogram(3, 20_000, () => gumbelChoice(logits, 5, stream).index)
    const { statistic, limit } = chiSquare(
      counts,
      powers.map((power) => power / total),
    )
    expect(statistic).toBeLessThan(limit)
    for (let i = 0; i < 100; i++) {
      const { index, soft } = gumbelChoice(logits, 5, stream)
      expect(soft.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
      expect(soft.indexOf(Math.max(...soft))).toBe(index)
    }
  })

  it('has the gradient of the soft choice', () => {
    const logits = Float64Array.of(0.5, -1, 1.2)
    const gradient = Float64Array.of(0.3, -2, 0.7)
    const soft = (values: Float64Array): Choice => gumbelChoice(values, 5, RandomStream.named(7, 'gumbel'))
    const received = gumbelBackward(soft(logits), 5, gradient)
    for (let i = 0; i < 3; i++) {
      const at = (offset: number) =>
        soft(logits.with(i, logits[i] + offset)).soft.reduce((sum, share, k) => sum + share * gradient[k], 0)
      expect(received[i]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 8)
    }
  })
})

/** Trains a gate to choose between two blocks, of which the better one for an edge lowers the loss by `slope`. */
function train(better: (operation: number) => number, { steps, slope, learningRate }: Record<string, number>): number {
  const stream = RandomStream.named(8, 'toy')
  const gate = Gate.random(OPERATIONS, 2, stream)
  const momentum = new Float64Array(gate.values.length)
  const paths = PathSampler.uniform(space.choices)
  const wanted = (graph: CellGraph) => graph.edges.flatMap((edge) => (edge.draws ? [better(edge.operation)] : []))
  for (let step = 0; step < steps; step++) {
    const trace = gate.logits(blocks.graph(paths.draw(stream)))
    const ofLogits = wanted(trace.graph).map((block, i) => {
      const choice = gumbelChoice(trace.logits[i], 5, stream)
      return gumbelBackward(
        choice,
        5,
        [0, 1].map((b) => (b === block ? -slope : 0)),
      )
    })
    gate.backward(trace, ofLogits)
    sgdStep(gate, momentum, { learningRate, optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 }, clipNorm: 5 })
  }
  const hits = Array.from({ length: 60 }, () => blocks.graph(paths.draw(stream))).flatMap((graph) => {
    const { logits } = gate.logits(graph)
    return wanted(graph).map((block, i) => Number(logits[i][1] > logits[i][0] === (block === 1)))
  })
  return hits.reduce((sum, hit) => sum + hit, 0) / hits.length
}

describe("the gate's own step", () => {
  const { learningRate, optimizers } = JSON.parse(
    readFileSync(new URL('../../../fixtures/optimizers.json', import.meta.url), 'utf8'),
  )

  it.each([0, 1, 2])("is PyTorch's, case %i", (row) => {
    const { optimizer, steps } = optimizers[row]
    const numbers = randomNumbers(7)
    const values = Float64Array.from(randomFloats(numbers, 17, 0.5))
    const momentum = new Float64Array(17)
    for (const expected of steps) {
      const gradients = Float64Array.from(randomFloats(numbers, 17, 2))
      sgdStep({ values, gradients }, momentum, { learningRate, optimizer, clipNorm: Number.POSITIVE_INFINITY })
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 6)
    }
  })

  it('decays matrices only, if the settings say so', () => {
    const gate = Gate.random(OPERATIONS, 2, random())
    const before = gate.tensors()
    const optimizer = { kind: 'sgd', momentum: 0, weightDecay: 0.5, decayNormsAndBiases: false } as const
    sgdStep(gate, new Float64Array(gate.values.length), { learningRate: 0.1, optimizer, clipNorm: 5 })
    for (const [name, { shape, data }] of gate.tensors()) {
      const factor = shape.length === 1 ? 1 : 0.95
      for (const [i, value] of (data as Float32Array).entries()) {
        expect(value).toBeCloseTo(factor * (before.get(name)!.data as Float32Array)[i], 6)
      }
    }
  })

  it('refuses an optimizer that it has not', () => {
    const network = { values: new Float64Array(1), gradients: new Float64Array(1) }
    const optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const
    expect(() => sgdStep(network, new Float64Array(1), { learningRate, optimizer, clipNorm: 5 })).toThrow(
      'Expected sgd for training.optimizer.kind with method close but received adamw',
    )
  })
})

describe('training the gate', () => {
  it('finds the block that is better for all edges', () => {
    // From the same start, which is wrong about one of the two.
    for (const block of [0, 1]) {
      expect(train(() => block, { steps: 30, slope: 1, learningRate: 0.05 })).toBe(1)
    }
  })

  it('finds which block is better for which operation', () => {
    const better = (operation: number) => (operation === 3 ? 1 : 0)
    // The two operations are about as frequent, so chance is one half.
    expect(train(better, { steps: 550, slope: 2, learningRate: 0.01 })).toBeGreaterThan(0.8)
  })
})
