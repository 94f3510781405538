import '../../support/fake-addon.js'
import { expect, it } from 'vitest'
import { createRandom, randomState } from '../../../src/base/random.js'
import type { Method } from '../../../src/methods/index.js'
import { Supernet } from '../../../src/native/index.js'
import type { BufferSpec, ParameterSpec } from '../../../src/spaces/index.js'
import {
  averagedWeights,
  initialise,
  restoreSnapshot,
  restoreWeights,
  START,
  takeSnapshot,
} from '../../../src/training/snapshot.js'

const specs: ParameterSpec[] = [{ name: 'norm.weight', shape: [2], init: { kind: 'zeros' } }]
const buffers: BufferSpec[] = [
  { name: 'norm.running_mean', shape: [2], init: 0 },
  { name: 'norm.running_var', shape: [2], init: 1 },
]
const method = { state: () => ({}), restore: () => {} } as unknown as Method

const SGD = { optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 } } as const

it('a snapshot holds buffers by name beside the parameters, and restores them', async () => {
  using supernet = new Supernet(specs, { buffers })
  await supernet.write('parameters', Float32Array.of(1, 2))
  await supernet.write('buffers', Float32Array.of(3, 4, 5, 6))
  const snapshot = await takeSnapshot(START, randomState(createRandom(1)), supernet, method, SGD)
  expect([...snapshot.weights].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
    ['norm.weight', [2], [1, 2]],
    ['norm.running_mean', [2], [3, 4]],
    ['norm.running_var', [2], [5, 6]],
  ])
  using other = new Supernet(specs, { buffers })
  expect([...(await other.read('buffers'))]).toEqual([0, 0, 1, 1])
  await restoreSnapshot(snapshot, other, method, SGD)
  expect([...(await other.read('buffers'))]).toEqual([3, 4, 5, 6])
})

it('a snapshot holds the optimiser and the moments under the names of the parameters, and restores them', async () => {
  using supernet = new Supernet(specs)
  const state = { momentum: [1, 2], momentMean: [3, 4], momentM2: [5, 6] } as const
  const kinds = ['momentum', 'momentMean', 'momentM2'] as const
  for (const kind of kinds) await supernet.write(kind, Float32Array.from(state[kind]))
  const snapshot = await takeSnapshot(START, randomState(createRandom(1)), supernet, method, SGD)
  using other = new Supernet(specs)
  await restoreSnapshot(snapshot, other, method, SGD)
  for (const kind of kinds) {
    expect(snapshot.state.get(`${kind}.norm.weight`)).toEqual({ shape: [2], data: Float32Array.from(state[kind]) })
    expect([...(await other.read(kind))]).toEqual(state[kind])
  }
})

it('a snapshot holds averaged weights by name, and restores them', async () => {
  const settings = { ...SGD, averaging: { decay: 0.9, warmup: false } }
  using supernet = new Supernet(specs, { buffers })
  await supernet.write('parameters', Float32Array.of(1, 2))
  await supernet.write('averagedParameters', Float32Array.of(3, 4))
  await supernet.write('averagedBuffers', Float32Array.of(5, 6, 7, 8))
  const snapshot = await takeSnapshot(START, randomState(createRandom(1)), supernet, method, settings)
  expect([...averagedWeights(snapshot)!].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
    ['norm.weight', [2], [3, 4]],
    ['norm.running_mean', [2], [5, 6]],
    ['norm.running_var', [2], [7, 8]],
  ])
  using other = new Supernet(specs, { buffers })
  await restoreSnapshot(snapshot, other, method, settings)
  expect([...(await other.read('averagedParameters'))]).toEqual([3, 4])
  expect([...(await other.read('averagedBuffers'))]).toEqual([5, 6, 7, 8])
})

it('averages begin with the weights of a snapshot that has none, such as imported weights', async () => {
  using supernet = new Supernet(specs, { buffers })
  await supernet.write('parameters', Float32Array.of(1, 2))
  const snapshot = await takeSnapshot(START, randomState(createRandom(1)), supernet, method, SGD)
  expect(averagedWeights(snapshot)).toBeUndefined()
  await restoreSnapshot(snapshot, supernet, method, { ...SGD, averaging: { decay: 0.9, warmup: false } })
  expect([...(await supernet.read('averagedParameters'))]).toEqual([1, 2])
  expect([...(await supernet.read('averagedBuffers'))]).toEqual([0, 0, 1, 1])
})

it('a snapshot of an earlier version, which counts no updates, is restored', async () => {
  using supernet = new Supernet(specs)
  const { state, ...rest } = await takeSnapshot(START, randomState(createRandom(1)), supernet, method, SGD)
  expect(state.has('timesUpdated')).toBe(true)
  const earlier = new Map([...state].filter(([name]) => name !== 'timesUpdated'))
  await restoreSnapshot({ ...rest, state: earlier }, supernet, method, SGD)
  expect([...(await supernet.counts()).timesUpdated]).toEqual([0])
})

it('weights without the buffers are refused', async () => {
  using supernet = new Supernet(specs, { buffers })
  const weights = new Map([['norm.weight', { shape: [2], data: Float32Array.of(1, 2) }]])
  await expect(restoreWeights(weights, supernet)).rejects.toThrow(
    'Expected float32 numbers of shape 2 for norm.running_mean but received none',
  )
})

it('parameters start as their specs say', async () => {
  const start: ParameterSpec[] = [
    { name: 'conv', shape: [50], init: { kind: 'uniform', bound: 0.5 } },
    { name: 'weight', shape: [2], init: { kind: 'ones' } },
    { name: 'bias', shape: [1], init: { kind: 'zeros' } },
    { name: 'normal', shape: [10_000], init: { kind: 'normal', deviation: 0.5 } },
  ]
  using supernet = new Supernet(start)
  await initialise(supernet, createRandom(1))
  const values = await supernet.read('parameters')
  expect([...values.subarray(50, 53)]).toEqual([1, 1, 0])
  const normal = values.subarray(53)
  const moment = (power: number) => normal.reduce((sum, value) => sum + (value / 0.5) ** power, 0) / normal.length
  // Four standard errors of the moments of 10,000 normal numbers: their variances are 1, 2, 15 and 96 over the number.
  expect(Math.abs(moment(1))).toBeLessThan(0.04)
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.057)
  expect(Math.abs(moment(3))).toBeLessThan(0.155)
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.392)
  expect(Math.max(...values.subarray(0, 50).map(Math.abs))).toBeLessThan(0.5)
  expect(new Set(values.subarray(0, 50)).size).toBe(50)
})
