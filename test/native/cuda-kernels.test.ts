/**
 * What the kernels of GPUs compute, where there is no GPU. A library that stands in for NVRTC and for the driver lets them
 * compute on the CPU, in ATen's place: their results are compared with ATen's and with float64 loops.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KERNEL_GROUPS } from '../../src/base/environment.js'
import { loadBinding } from '../../src/native/binding.js'
import { describeUnused, gpuWork } from '../../src/native/cuda-kernels.js'
import { type Arithmetic, type Augmentation, Dataset, type Precision, setThreads } from '../../src/native/index.js'
import type { Shape, Value } from '../../src/programs/program.js'
import { Lens } from '../support/lens.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { scalarLogits } from '../support/scalar-reference.js'
import { NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { canStandIn, standInOptions } from '../support/stand-in-cuda.js'
import { byName } from '../support/state.js'

const CLASSES = 4
const NO_BIAS = { bias: false } as const

describe.skipIf(!canStandIn)('kernels of a GPU', () => {
  const addon = loadBinding()
  const options = canStandIn ? standInOptions() : { groups: [], standIn: '', folder: '' }

  beforeAll(() => setThreads(1))
  afterEach(() => addon.setCudaKernels({ groups: KERNEL_GROUPS }))

  it('compute what ATen computes of small tensors, which is tried before they are used', async () => {
    addon.setCudaKernels(options)
    const groups = await addon.cudaKernels('cpu')
    expect(groups).toEqual(KERNEL_GROUPS.map((group) => ({ group })))
    expect(describeUnused(groups)).toEqual([])
  })

  const BODIES: Readonly<Record<string, (net: NetBuilder, x: Value, channels: number) => Value>> = {
    'a node with a norm, a pool and a copy': (net, x, c) =>
      net.program.add([
        net.norm(net.conv(net.program.relu(x), c, 3, NO_BIAS)),
        net.program.avgPool2d(x, { kernel: 3 }),
        x,
      ]),
    'a ReLU6 of six norms': (net, x, c) =>
      net.program.relu6(net.program.add([1, 1, 3, 1, 3, 1].map((kernel) => net.norm(net.conv(x, c, kernel, NO_BIAS))))),
    'norms of one value': (net, x, c) => {
      const y = net.conv(x, c, 1, NO_BIAS)
      return net.program.relu(net.program.add([net.norm(y), net.norm(y, { affine: false, running: true }), y]))
    },
    'a sum that a ReLU and another read': (net, x, c) => {
      const sum = net.program.add([net.norm(net.conv(x, c, 1, NO_BIAS), { running: true }), x])
      return net.program.add([net.norm(net.conv(net.program.relu(sum), c, 1, NO_BIAS)), sum])
    },
    'pools of stride 2, and zeros': (net, x) => {
      const pooled = net.program.avgPool2d(x, { kernel: 3, stride: 2, padding: 1 })
      return net.program.add([
        pooled,
        net.program.avgPool2d(x, { kernel: 5, stride: 2, padding: 2 }),
        net.program.zeros(pooled.shape),
      ])
    },
    'depthwise convolutions, strided and dilated': (net, x, c) => {
      const depthwise = (y: Value, kernel: number, more: { stride?: number; padding?: number; dilation?: number }) =>
        net.norm(net.conv(y, c, kernel, { bias: false, groups: c, ...more }))
      const near = depthwise(net.program.relu(x), 3, {})
      return net.program.add([
        depthwise(near, 5, { stride: 2, padding: 2 }),
        depthwise(x, 7, { stride: 2, padding: 6, dilation: 2 }),
        depthwise(x, 3, { stride: 2, padding: 1 }),
      ])
    },
    'max pools': (net, x) => {
      const small = net.program.maxPool2d(net.program.relu(x), { kernel: 3, stride: 2, padding: 1 })
      const wide = net.program.maxPool2d(x, { kernel: 5, stride: 2, padding: 2 })
      return net.program.add([net.conv(net.program.maxPool2d(wide, { kernel: 3 }), small.shape.channels, 1), small])
    },
    'nine terms, which are too many': (net, x) =>
      net.program.add(new Array<Value>(9).fill(x).map((value) => net.norm(value))),
  }

  interface How {
    readonly arithmetic: Arithmetic
    readonly precision?: Precision
    readonly count?: number
  }

  const largest = (tensors: Iterable<Float32Array>) =>
    [...tensors].reduce((most, tensor) => tensor.reduce((so, value) => Math.max(so, Math.abs(value)), most), 0)

  /** Two steps on one batch, and the logits of an evaluation with the running statistics that are left. */
  async function train(body: (typeof BODIES)[string], channels: number, { count = 3, ...how }: How) {
    const input: Shape = { channels: 3, height: 6, width: 7 }
    const net = new NetBuilder()
    const stem = net.norm(net.conv(net.program.input(input), channels, 3, NO_BIAS), { running: true })
    const classifier = net.classify(net.program.relu(body(net, stem, channels)), CLASSES)
    using small = await smallNet(classifier, net.specs, input, {
      count,
      classes: CLASSES,
      buffers: net.buffers,
      ...how,
    })
    const { net: supernet, plan, dataset, indices } = small
    await supernet.accumulate(plan, { dataset, indices })
    const gradients = byName(net.specs, await supernet.read('gradients'))
    const records = []
    for (let i = 0; i < 2; i++) {
      records.push(
        await supernet.trainStep(
          plan,
          { dataset, indices },
          {
            learningRate: 0.01,
            optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-3, nesterov: i === 1 },
            unsampled: 'skip',
            clipNorm: 0.5,
          },
        ),
      )
    }
    return {
      gradients,
      records,
      weights: await supernet.read('parameters'),
      momentum: await supernet.read('momentum'),
      buffers: await supernet.read('buffers'),
      variances: (await supernet.moments()).meanVariance,
      logits: await supernet.logits(plan, dataset, indices),
    }
  }

  it.each(Object.keys(BODIES))('train and evaluate %s as ATen does', async (name) => {
    for (const channels of [1, 3, 8, 20, 136]) {
      for (const count of [1, 5]) {
        const where = `${channels} channels, ${count} images`
        addon.setCudaKernels({ groups: KERNEL_GROUPS })
        const alone = await train(BODIES[name], channels, { arithmetic: 'reference', count })
        addon.setCudaKernels(options)
        const before = gpuWork().launches
        const fused = await train(BODIES[name], channels, { arithmetic: 'fast', count })
        expect(gpuWork().launches - before, where).toBeGreaterThan(12)
        const floor = 0.1 * largest(alone.gradients.values())
        for (const [parameter, expected] of alone.gradients) {
          const error = relativeError(fused.gradients.get(parameter) ?? [], expected, floor)
          expect(error, `${where}: ${parameter}`).toBeLessThan(1e-4)
        }
        for (const key of ['weights', 'momentum', 'buffers', 'variances', 'logits'] as const) {
          expect(relativeError(fused[key], alone[key]), `${where}: ${key}`).toBeLessThan(1e-4)
        }
        for (const [
          i,
          { loss, globalNorm, clipScale, gradientNorms, importance, correct },
        ] of alone.records.entries()) {
          const found = fused.records[i]
          expect(
            relativeError([found.loss, found.globalNorm, found.clipScale], [loss, globalNorm, clipScale]),
          ).toBeLessThan(1e-4)
          expect(relativeError(found.gradientNorms, gradientNorms)).toBeLessThan(1e-4)
          expect(relativeError(found.importance, importance)).toBeLessThan(1e-4)
          expect(found.correct).toBe(correct)
        }
      }
    }
  })

  it.each(Object.keys(BODIES))('%s in bfloat16 is as near float32 as what ATen computes', async (name) => {
    for (const channels of [5, 20]) {
      addon.setCudaKernels({ groups: KERNEL_GROUPS })
      const exact = await train(BODIES[name], channels, { arithmetic: 'reference' })
      const alone = await train(BODIES[name], channels, { arithmetic: 'reference', precision: 'bfloat16' })
      addon.setCudaKernels(options)
      const fused = await train(BODIES[name], channels, { arithmetic: 'fast', precision: 'bfloat16' })
      for (const key of ['weights', 'logits'] as const) {
        const allowed = Math.max(0.05, 2 * relativeError(alone[key], exact[key]))
        expect(relativeError(fused[key], exact[key]), `${channels} channels: ${key}`).toBeLessThan(allowed)
      }
    }
  })

  it('normalise large values of small variance as float64 loops do', async () => {
    addon.setCudaKernels(options)
    const input: Shape = { channels: 4, height: 9, width: 9 }
    const net = new NetBuilder()
    const classifier = net.classify(net.program.relu(net.norm(net.program.input(input))), CLASSES)
    using small = await smallNet(classifier, net.specs, input, { count: 6, classes: CLASSES })
    const { net: supernet, plan, indices, batch, parameters } = small
    const images = batch.images.map((value) => 1000 + 0.01 * value)
    using dataset = new Dataset({
      images,
      labels: Int32Array.from(batch.labels),
      ...input,
    })
    // Mean and pixels are float32 numbers near 1000, which is 6e-5 from one to the next; the deviation is 0.01.
    const expected = scalarLogits(classifier, parameters, { ...batch, images })
    expect(relativeError(await supernet.logits(plan, dataset, indices), expected)).toBeLessThan(1e-3)
  })

  it('keep NaN', async () => {
    addon.setCudaKernels(options)
    const input: Shape = { channels: 4, height: 3, width: 3 }
    const net = new NetBuilder()
    const classifier = net.classify(net.program.relu6(net.norm(net.program.input(input))), CLASSES)
    using small = await smallNet(classifier, net.specs, input, { count: 2, classes: CLASSES })
    const images = small.batch.images.fill(Number.NaN, 0, 1)
    using dataset = new Dataset({
      images,
      labels: Int32Array.from(small.batch.labels),
      ...input,
    })
    const { loss } = await small.net.accumulate(small.plan, { dataset, indices: small.indices })
    expect(loss).toBeNaN()
  })

  it('an evaluation replays a recorded batch for all others of its size', async () => {
    const input: Shape = { channels: 3, height: 6, width: 7 }
    const net = new NetBuilder()
    const stem = net.norm(net.conv(net.program.input(input), 8, 3, NO_BIAS))
    const classifier = net.classify(net.program.relu(stem), CLASSES)
    const evaluate = async (given: Parameters<typeof addon.setCudaKernels>[0], batchSize: number) => {
      addon.setCudaKernels(given)
      using small = await smallNet(classifier, net.specs, input, { count: 23, classes: CLASSES })
      const before = gpuWork().replays
      const record = await small.net.evaluate(small.plan, small.dataset, { batchSize })
      return { record, replays: gpuWork().replays - before, whyNot: gpuWork().whyNoReplays }
    }
    // Batches of 4, 4, 4, 4, 4, 3: of each size the first is computed as it is, and graphs of one replay are not made.
    for (const [batchSize, replays] of [
      [4, 4],
      [2, 10],
      [12, 0],
      [23, 0],
    ] as const) {
      const alone = await evaluate(options, batchSize)
      expect(alone.replays).toBe(0)
      expect(await evaluate({ ...options, graphs: true }, batchSize)).toEqual({ ...alone, replays, whyNot: undefined })
    }
  })

  it.each<[string, Augmentation['list']]>([
    ['nothing', []],
    ['pad-crop', [{ kind: 'pad-crop', padding: 2 }]],
    [
      'pad-crop and flip',
      [
        { kind: 'pad-crop', padding: 3 },
        { kind: 'flip', probability: 0.5 },
      ],
    ],
    [
      'flip and pad-crop',
      [
        { kind: 'flip', probability: 0.5 },
        { kind: 'pad-crop', padding: 9 },
      ],
    ],
    ['cutout, which the CPU makes', [{ kind: 'cutout', size: 3 }]],
  ])('gather images with %s as the CPU does', async (_, list) => {
    const shape: Shape = { channels: 3, height: 6, width: 8 }
    const random = randomNumbers(5)
    const bytes = Uint8Array.from({ length: 4 * 3 * 6 * 8 }, () => Math.floor(128 + 128 * random()))
    for (const [images, mean] of [
      [bytes, [120, 130, 90]],
      [randomFloats(random, bytes.length, 2), []],
    ] as const) {
      const seen: number[][] = []
      for (const given of [{ groups: KERNEL_GROUPS }, options]) {
        addon.setCudaKernels(given)
        using lens = await Lens.of(shape, images, mean)
        for (let seed = 0; seed < 8; seed++) seen.push(await lens.normalised(seed % 4, { seed, list }))
      }
      for (let i = 0; i < 8; i++) expect(relativeError(seen[8 + i], seen[i])).toBeLessThan(1e-5)
    }
  })
})
