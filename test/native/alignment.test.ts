/** What taps are for: paths drawn towards others on the same batch. Forward and backward without are in `instructions.test.ts`. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { MagicA, Spos } from '../../src/methods/index.js'
import { type AccumulateOptions, type Arithmetic, Dataset, type Precision, Supernet } from '../../src/native/index.js'
import type { Program, Value } from '../../src/programs/program.js'
import { Taps } from '../../src/programs/taps.js'
import type { Path } from '../../src/spaces/space.js'
import { differences, type ScalarParameters, scalarRecord, scalarValues } from '../support/scalar-reference.js'
import { gradientErrors, NetBuilder, relativeError, type SmallNet, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'
import { fixture, fixtureImages, fixtureRates, fixtureWeights, input, space } from '../support/tiny-fixture.js'

const INPUT = { channels: 2, height: 6, width: 5 }
const CLASSES = 3
const WEIGHT = 0.8

/**
 * A pair of programs that share all weights: one convolves, pools and sums in another order than the other, and their
 * taps are where values meet norms, sums, ReLUs and the convolutions that read through them.
 */
function pair() {
  const shared = new NetBuilder()
  const weights = { channels: 3, kernel: 3 }
  const names = ['a', 'b', 'c'].map((name) => ({ weight: `${name}.weight`, ...weights }))
  for (const { weight } of names) {
    const fan = weight === 'a.weight' ? INPUT.channels : 3
    shared.specs.push({ name: weight, shape: [3, fan, 3, 3], init: { kind: 'zeros' } })
  }
  const affine = { weight: 'norm.weight', bias: 'norm.bias' }
  const running = { mean: 'norm.running_mean', variance: 'norm.running_var' }
  for (const name of Object.values(affine)) shared.specs.push({ name, shape: [3], init: { kind: 'zeros' } })
  shared.buffers.push({ name: running.mean, shape: [3], init: 0 }, { name: running.variance, shape: [3], init: 1 })
  const write = (body: (net: NetBuilder['program'], x: Value) => Value): Program => {
    const net = new NetBuilder()
    const program = net.classify(body(net.program, net.program.input(INPUT)), CLASSES)
    if (!shared.specs.some(({ name }) => name === 'head.weight')) shared.specs.push(...net.specs)
    return program
  }
  const path = write((net, x) => {
    // Tapped where nothing that training changes comes before.
    const first = net.batchNorm(net.conv2d(net.tap(x, { slot: 9 }), names[0]))
    const node = net.tap(first, { slot: 0 })
    const deep = net.batchNorm(net.conv2d(net.relu(net.tap(node, { slot: 2 })), names[1]))
    const normed = net.batchNorm(net.tap(net.conv2d(node, names[2]), { slot: 5 }), { affine, running })
    // Slot 7 only here.
    return net.relu(net.add([net.tap(deep, { slot: 4 }), net.tap(normed, { slot: 7 }), node]))
  })
  const anchor = write((net, x) => {
    const first = net.relu(net.batchNorm(net.conv2d(net.tap(net.maxPool2d(x, { kernel: 3 }), { slot: 9 }), names[0])))
    const pooled = net.tap(net.avgPool2d(first, { kernel: 3 }), { slot: 0 })
    const deep = net.batchNorm(net.conv2d(net.tap(pooled, { slot: 2 }), names[1]))
    const node = net.tap(net.add([deep, pooled]), { slot: 4 })
    const tapped = net.tap(net.conv2d(node, names[2]), { slot: 5 })
    // Slot 8 only here.
    return net.tap(net.batchNorm(tapped, { affine, running }), { slot: 8 })
  })
  return { path, anchor, specs: shared.specs, buffers: shared.buffers }
}

/** By slot. */
function tapValues(
  program: Program,
  parameters: ScalarParameters,
  batch: SmallNet['batch'],
): Map<number, Float64Array> {
  const values = scalarValues(program, parameters, batch)
  return new Map(
    program.instructions.flatMap((each, id) => (each.op === 'tap' ? [[each.slot, values[id]] as const] : [])),
  )
}

/** Divided by the root of the mean square. */
function scaled(values: Float64Array): Float64Array {
  const root = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
  return values.map((value) => value / root)
}

/** Mean over equal slots of the mean squared difference of values so scaled. */
function distance(values: ReadonlyMap<number, Float64Array>, towards: ReadonlyMap<number, Float64Array>): number {
  const slots = [...values.keys()].filter((slot) => towards.has(slot))
  let sum = 0
  for (const slot of slots) {
    const target = scaled(towards.get(slot)!)
    const squares = scaled(values.get(slot)!).reduce((total, value, i) => total + (value - target[i]) ** 2, 0)
    sum += squares / target.length / slots.length
  }
  return sum
}

const open = (program: Program, arithmetic: Arithmetic, precision: Precision = 'float32') => {
  const { specs, buffers } = pair()
  return smallNet(program, specs, INPUT, { seed: 3, classes: CLASSES, arithmetic, precision, buffers })
}

describe('alignment', () => {
  it.each(['fast', 'reference'] as const)(
    'adds what float64 loops and differences say, in %s arithmetic',
    async (arithmetic) => {
      const { path, anchor, specs } = pair()
      using small = await open(path, arithmetic)
      const { net, plan, dataset, indices, batch, parameters } = small
      using anchorPlan = net.compile(anchor)
      const towards = tapValues(anchor, parameters, batch)
      const expected = distance(tapValues(path, parameters, batch), towards)
      expect(expected).toBeGreaterThan(0.1)

      const buffers = await net.read('buffers')
      const observed = await net.observe(anchorPlan, { dataset, indices })
      const { loss, correct } = scalarRecord(anchor, parameters, batch)
      // There are fewer than five classes.
      expect(observed).toEqual({
        count: indices.length,
        correct,
        correctTop5: indices.length,
        loss: expect.closeTo(loss, 5),
      })
      expect(await net.read('buffers')).toEqual(buffers)
      expect((await net.read('gradients')).every((value) => value === 0)).toBe(true)

      const record = await net.accumulate(plan, { dataset, indices }, { alignment: WEIGHT })
      expect(record.alignment).toBeCloseTo(expected, 5)
      expect(record.loss).toBeCloseTo(scalarRecord(path, parameters, batch).loss, 5)
      const numeric = differences(
        parameters,
        (moved) => scalarRecord(path, moved, batch).loss + WEIGHT * distance(tapValues(path, moved, batch), towards),
      )
      const gradients = byName(specs, await net.read('gradients'))
      for (const [name, gradient] of numeric) {
        expect(relativeError(gradients.get(name) ?? [], gradient, 0.01), name).toBeLessThan(2e-4)
      }
    },
  )

  it.each(['fast', 'reference'] as const)('in bfloat16 is near float32, in %s arithmetic', async (arithmetic) => {
    const { path, anchor, specs } = pair()
    const compute = async (precision: Precision) => {
      using small = await open(path, precision === 'float32' ? 'reference' : arithmetic, precision)
      const { net, plan, dataset, indices } = small
      using anchorPlan = net.compile(anchor)
      await net.observe(anchorPlan, { dataset, indices })
      const { alignment } = await net.accumulate(plan, { dataset, indices }, { alignment: WEIGHT })
      return { alignment, gradients: byName(specs, await net.read('gradients')) }
    }
    const exact = await compute('float32')
    const rounded = await compute('bfloat16')
    expect(Math.abs(rounded.alignment! / exact.alignment! - 1)).toBeLessThan(0.05)
    for (const [name, error] of gradientErrors(rounded.gradients, exact.gradients)) {
      expect(error, name).toBeLessThan(0.2)
    }
  })

  it('is part of a step, and of no other call', async () => {
    const { path, anchor } = pair()
    using small = await open(path, 'fast')
    const { net, plan, dataset, indices } = small
    using anchorPlan = net.compile(anchor)
    const gradientsOf = async (options?: AccumulateOptions) => {
      await net.write('gradients', new Float32Array((await net.read('gradients')).length))
      const { alignment } = await net.accumulate(plan, { dataset, indices }, options)
      return { alignment, gradients: await net.read('gradients') }
    }
    const before = await gradientsOf()
    await net.observe(anchorPlan, { dataset, indices })
    expect(await gradientsOf()).toEqual(before)
    expect(before.alignment).toBeUndefined()
    const weightless = await gradientsOf({ alignment: 0 })
    const aligned = await gradientsOf({ alignment: 1 })
    expect(weightless).toEqual({ ...before, alignment: aligned.alignment })
    expect(relativeError(aligned.gradients, before.gradients)).toBeGreaterThan(0.01)
    // Observed twice, the values are those of the second time: a path does not differ from itself.
    await net.observe(plan, { dataset, indices })
    const same = await gradientsOf({ alignment: 1 })
    expect(same.alignment).toBe(0)
    expect(relativeError(same.gradients, before.gradients)).toBeLessThan(1e-6)
    const sgd = {
      learningRate: 0.1,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      unsampled: 'skip',
      clipNorm: 1e9,
    } as const
    await net.write('gradients', new Float32Array(before.gradients.length))
    await net.observe(anchorPlan, { dataset, indices })
    const record = await net.trainStep(plan, { dataset, indices }, { ...sgd, alignment: 1 })
    expect(record.alignment).toBe(aligned.alignment)
    expect(Math.abs(record.globalNorm / Math.hypot(...aligned.gradients) - 1)).toBeLessThan(1e-5)
  })

  it('refuses what cannot be aligned, in one sentence', async () => {
    const { path, anchor } = pair()
    using small = await open(path, 'fast')
    const { net, plan, dataset, indices } = small
    const align = async (alignment: number, count = indices.length) =>
      net.accumulate(plan, { dataset, indices: indices.subarray(0, count) }, { alignment })
    await expect(align(1)).rejects.toThrow('Expected a path observed before for alignment but received none')
    using anchorPlan = net.compile(anchor)
    await net.observe(anchorPlan, { dataset, indices })
    await expect(align(1, 3)).rejects.toThrow(
      'Expected the batch that was observed, 4 images of 2x6x5 for alignment but received 3 images of 2x6x5',
    )
    await expect(align(-1)).rejects.toThrow('Expected a number of at least 0 for alignment but received -1')
    await expect(align(Number.NaN)).rejects.toThrow(/^Expected a finite number for alignment but received /)
    const twice: Program = {
      ...path,
      instructions: path.instructions.map((each) =>
        each.op === 'tap' && each.slot === 2 ? { ...each, slot: 0 } : each,
      ),
    }
    expect(() => net.compile(twice)).toThrow(
      /^Expected a slot that no other tap has for instruction \d+ \(tap\) but received 0$/,
    )
  })
})

interface AlignmentFixture {
  readonly weight: number
  readonly steps: readonly {
    readonly anchor: Path
    readonly path: Path
    /** Taps in both. */
    readonly shared: number
    readonly observedLoss: number
    readonly observedCorrect: number
    readonly loss: number
    readonly correct: number
    readonly alignment: number
    readonly gradientNorms: readonly (number | null)[]
    readonly globalNorm: number
    readonly parameterNorms: readonly number[]
  }[]
}

/** Written by scripts/fixtures/alignment.py. */
const pytorch: AlignmentFixture = JSON.parse(
  readFileSync(new URL('../fixtures/alignment.json', import.meta.url), 'utf8'),
)

describe('steps with an anchor', () => {
  it.each(['fast', 'reference'] as const)('are those of PyTorch, in %s arithmetic', async (arithmetic) => {
    const specs = space.parameters()
    const indices = Int32Array.from(fixture.labels, (_, i) => i)
    using dataset = new Dataset({ images: fixtureImages(), labels: Int32Array.from(fixture.labels), ...input })
    using net = new Supernet(specs, { arithmetic })
    await net.write('parameters', fixtureWeights())
    const taps = new Taps(specs.filter(({ operation }) => operation !== undefined).map(({ name }) => name))
    for (const step of pytorch.steps) {
      using anchor = net.compile(taps.insert(space.program(step.anchor)))
      using plan = net.compile(taps.insert(space.program(step.path)))
      const observed = await net.observe(anchor, { dataset, indices })
      expect(observed.correct).toBe(step.observedCorrect)
      expect(observed.loss).toBeCloseTo(step.observedLoss, 4)
      const options = { ...fixtureRates, unsampled: 'skip', alignment: pytorch.weight } as const
      const record = await net.trainStep(plan, { dataset, indices }, options)
      expect(record.loss).toBeCloseTo(step.loss, 4)
      expect(record.correct).toBe(step.correct)
      expect(record.alignment).toBeCloseTo(step.alignment, 5)
      expect(Math.abs(record.globalNorm / step.globalNorm - 1)).toBeLessThan(1e-3)
      for (const [i, name] of plan.parameters.entries()) {
        const expected = step.gradientNorms[fixture.parameters.indexOf(name)]!
        // Biases before norms have gradients of rounding only.
        const tolerance = name.endsWith('.op.1.bias') ? 1e-5 : 1e-3 * Math.max(expected, 1e-4)
        expect(Math.abs(record.gradientNorms[i] - expected), name).toBeLessThan(tolerance)
      }
      const weights = byName(specs, await net.read('parameters'))
      for (const [i, name] of fixture.parameters.entries()) {
        expect(Math.abs(Math.hypot(...weights.get(name)!) / step.parameterNorms[i] - 1), name).toBeLessThan(1e-5)
      }
    }
  })
})

describe('MAGIC-A', () => {
  /** Weights after each of eight steps on random paths, from the same weights, by the same streams; and alignments. */
  async function train(name: 'spos' | 'magic-a', arithmetic: Arithmetic, alignment = 0) {
    const specs = space.parameters()
    const indices = Int32Array.from(fixture.labels, (_, i) => i)
    using dataset = new Dataset({ images: fixtureImages(), labels: Int32Array.from(fixture.labels), ...input })
    using net = new Supernet(specs, { arithmetic })
    await net.write('parameters', fixtureWeights())
    const context = { space, images: indices.length, epochs: 1, learningRate: 0.05, random: createRandom(37) }
    const method =
      name === 'spos'
        ? new Spos({ sampling: 'uniform' }, context)
        : new MagicA({ alignment, paths: 'uniform' }, context)
    const plan = (path: Path) => net.compile(method instanceof MagicA ? method.program(path) : space.program(path))
    const after: Float32Array[] = []
    const alignments: (number | undefined)[] = []
    for (let step = 0; step < 8; step++) {
      const drop = { seed: 1 }
      const record = await method.step(
        { supernet: net, plan },
        { dataset, indices, drop },
        { ...fixtureRates, unsampled: 'decay' },
      )
      alignments.push(record.alignment)
      after.push(await net.read('parameters'))
    }
    return { after, alignments }
  }

  it.each(['fast', 'reference'] as const)(
    'without weight is SPOS, step for step, in %s arithmetic',
    async (arithmetic) => {
      const spos = await train('spos', arithmetic)
      const weightless = await train('magic-a', arithmetic)
      // Of paths that share operations with the anchor, or nothing would be compared.
      expect(weightless.alignments.filter((alignment) => alignment! > 0).length).toBeGreaterThan(2)
      for (const [step, weights] of spos.after.entries()) {
        // Several threads sum in any order.
        expect(relativeError(weightless.after[step], weights), `step ${step}`).toBeLessThan(1e-4)
      }
      const aligned = await train('magic-a', arithmetic, 0.5)
      expect(relativeError(aligned.after[7], spos.after[7])).toBeGreaterThan(1e-2)
    },
  )
})
