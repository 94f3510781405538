import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Dataset, type Plan, Supernet } from '../../src/native/index.js'
import { ProgramBuilder } from '../../src/programs/program-builder.js'
import type { ParameterSpec } from '../../src/spaces/space.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'
import { byName } from '../support/state.js'

/** Two paths, a and b, that share a head; "a idle" chooses a without using it. */
const INPUT = { channels: 2, height: 3, width: 3 }
const SPECS: ParameterSpec[] = [
  { name: 'a', shape: [2, 2, 3, 3], init: { kind: 'zeros' } },
  { name: 'b', shape: [2, 2, 1, 1], init: { kind: 'zeros' } },
  { name: 'head.weight', shape: [3, 2], init: { kind: 'zeros' } },
  { name: 'head.bias', shape: [3], init: { kind: 'zeros' } },
]

function program(weight: 'a' | 'b', idle: string[] = []) {
  const builder = new ProgramBuilder()
  const x = builder.conv2d(builder.input(INPUT), { weight, channels: 2, kernel: weight === 'a' ? 3 : 1 })
  builder.idle(idle)
  const head = { weight: 'head.weight', bias: 'head.bias', features: 3 }
  return builder.finish(builder.linear(builder.globalAvgPool(builder.relu(builder.batchNorm(x))), head))
}

const SGD = { learningRate: 0.1, optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 } } as const
let net: Supernet
let dataset: Dataset
let plans: Record<'a' | 'b' | 'aIdle', Plan>
beforeEach(async () => {
  const random = randomNumbers(11)
  net = new Supernet(SPECS)
  await net.write('parameters', randomFloats(random, 49, 0.5))
  dataset = new Dataset({ images: randomFloats(random, 5 * 18, 2), labels: Int32Array.of(0, 1, 2, 1, 0), ...INPUT })
  plans = { a: net.compile(program('a')), b: net.compile(program('b')), aIdle: net.compile(program('b', ['a'])) }
})
afterEach(() => {
  for (const handle of [...Object.values(plans), dataset, net]) handle.dispose()
})

const batch = () => ({ dataset, indices: Int32Array.of(0, 1, 2, 3, 4) })

/** PyTorch's SGD on one tensor: the momentum buffer starts as the first gradient. */
function sgd(w: Float32Array, gradient: Float32Array, momentum: Float32Array | undefined) {
  const decayed = w.map((value, i) => gradient[i] + SGD.optimizer.weightDecay * value)
  const velocity = momentum ? momentum.map((value, i) => SGD.optimizer.momentum * value + decayed[i]) : decayed
  return { w: w.map((value, i) => value - SGD.learningRate * velocity[i]), momentum: velocity }
}

/** Runs the steps verb by verb and the formula beside it; the gradients are the addon's. */
async function follow(steps: readonly (keyof typeof plans)[], unsampled: 'skip' | 'decay') {
  const weights = byName(SPECS, await net.read('parameters'))
  const momenta = new Map<string, Float32Array>()
  for (const step of steps) {
    await net.accumulate(plans[step], batch())
    const gradients = byName(SPECS, await net.read('gradients'))
    const sampled = new Set(plans[step].parameters)
    for (const { name } of SPECS) {
      if (!sampled.has(name) && !(unsampled === 'decay' && momenta.has(name))) continue
      const next = sgd(weights.get(name)!, gradients.get(name)!, momenta.get(name))
      weights.set(name, next.w)
      momenta.set(name, next.momentum)
    }
    await net.update({ ...SGD, unsampled })
  }
  const found = byName(SPECS, await net.read('parameters'))
  const velocities = byName(SPECS, await net.read('momentum'))
  for (const { name, shape } of SPECS) {
    expect(relativeError(found.get(name)!, weights.get(name)!), name).toBeLessThan(1e-6)
    const none = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
    expect(relativeError(velocities.get(name)!, momenta.get(name) ?? none), name).toBeLessThan(1e-6)
  }
}

describe('update', () => {
  it('leaves unsampled parameters alone with skip', () => follow(['a', 'b', 'b', 'a', 'b'], 'skip'))

  it('goes on decaying and moving them, once sampled, with decay', () => follow(['a', 'b', 'b', 'a', 'b'], 'decay'))

  it.each(['skip', 'decay'] as const)('treats idle parameters as sampled with gradient zero, with %s', (unsampled) =>
    follow(['aIdle', 'b', 'aIdle', 'a'], unsampled),
  )

  it('clears the gradients', async () => {
    await net.accumulate(plans.a, batch())
    await net.update({ ...SGD, unsampled: 'skip' })
    expect(Math.max(...(await net.read('gradients')).map(Math.abs))).toBe(0)
  })

  it.each<[string, object, string]>([
    ['an unknown kind', { kind: 'descent' }, 'for optimizer.kind but received "descent"'],
    [
      'a missing setting',
      { kind: 'sgd', momentum: 0.9 },
      'Expected a finite number for optimizer.weightDecay but received undefined',
    ],
    [
      'a setting of another type',
      { ...SGD.optimizer, momentum: 'high' },
      'Expected a finite number for optimizer.momentum but received high',
    ],
    [
      'a setting that is not finite',
      { ...SGD.optimizer, momentum: Number.NaN },
      'Expected a finite number for optimizer.momentum but received NaN',
    ],
    [
      'an unknown setting',
      { ...SGD.optimizer, alpha: 0.9 },
      'Expected only kind, decayNormsAndBiases, momentum, nesterov, weightDecay for optimizer but received "alpha"',
    ],
    [
      'text for true',
      { ...SGD.optimizer, nesterov: 'true' },
      'Expected true or false for optimizer.nesterov but received true',
    ],
    [
      'nesterov without momentum',
      { ...SGD.optimizer, momentum: 0, nesterov: true },
      'Expected a positive number with nesterov for optimizer.momentum but received 0',
    ],
  ])('refuses %s', async (_, optimizer, message) => {
    const options = { learningRate: 0.1, optimizer, unsampled: 'skip' } as Parameters<typeof net.update>[0]
    await expect(async () => net.update(options)).rejects.toThrow(message)
  })
})

describe('clip', () => {
  it('scales the gradients to the norm, and leaves smaller ones', async () => {
    await net.accumulate(plans.a, batch())
    const before = await net.read('gradients')
    const norm = Math.hypot(...before)
    const { globalNorm, clipScale } = await net.clip(norm / 4)
    expect(globalNorm).toBeCloseTo(norm, 5)
    expect(clipScale).toBeCloseTo(0.25, 4)
    const after = await net.read('gradients')
    expect(Math.hypot(...after) / norm).toBeCloseTo(0.25, 4)
    expect((await net.clip(norm)).clipScale).toBe(1)
    expect(await net.read('gradients')).toEqual(after)
  })
})

describe('trainStep', () => {
  it('equals accumulate, recordMoments, clip and update', async () => {
    const clipNorm = 0.05
    const start = await net.read('parameters')
    const verbs: number[] = []
    for (const name of ['a', 'aIdle', 'a'] as const) {
      verbs.push((await net.accumulate(plans[name], batch())).loss)
      await net.recordMoments()
      verbs.push((await net.clip(clipNorm)).globalNorm)
      await net.update({ ...SGD, unsampled: 'decay' })
    }
    const expected = await net.read('parameters')
    const moments = await net.moments()

    using other = new Supernet(SPECS)
    await other.write('parameters', start)
    const fused: number[] = []
    for (const name of ['a', 'aIdle', 'a'] as const) {
      using plan = other.compile(name === 'a' ? program('a') : program('b', ['a']))
      const record = await other.trainStep(plan, batch(), { ...SGD, clipNorm, unsampled: 'decay' })
      fused.push(record.loss, record.globalNorm)
      expect(record.clipScale).toBeLessThan(1)
      expect(Math.hypot(...record.gradientNorms)).toBeCloseTo(record.globalNorm, 6)
      if (name === 'aIdle') expect(record.gradientNorms[plan.parameters.indexOf('a')]).toBe(0)
    }
    expect(relativeError(fused, verbs)).toBeLessThan(1e-6)
    expect(relativeError(await other.read('parameters'), expected)).toBeLessThan(1e-6)
    const otherMoments = await other.moments()
    expect(otherMoments.timesSampled).toEqual(Float64Array.of(3, 1, 3, 3))
    expect(moments.timesSampled).toEqual(otherMoments.timesSampled)
    expect(relativeError(otherMoments.meanVariance, moments.meanVariance, 1e-9)).toBeLessThan(1e-4)
  })

  it('resumes from written state exactly', async () => {
    const step = { ...SGD, clipNorm: 5, unsampled: 'decay' } as const
    await net.trainStep(plans.a, batch(), step)
    using other = new Supernet(SPECS)
    for (const kind of ['parameters', 'momentum', 'momentMean', 'momentM2'] as const) {
      await other.write(kind, await net.read(kind))
    }
    await other.setCounts(await net.counts())
    await net.trainStep(plans.b, batch(), step)
    using plan = other.compile(program('b'))
    await other.trainStep(plan, batch(), step)
    for (const kind of ['parameters', 'momentum', 'momentMean', 'momentM2'] as const) {
      expect(await other.read(kind)).toEqual(await net.read(kind))
    }
    expect(await other.moments()).toEqual(await net.moments())
  })
})
