import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Dataset, type ImageData, nativeInfo, Supernet } from '../../src/native/index.js'
import type { Instruction, Program } from '../../src/programs/program.js'
import { nasBench201 } from '../../src/spaces/nasbench201/nasbench201.js'
import type { ParameterSpec } from '../../src/spaces/space.js'

const shape = { channels: 2, height: 4, width: 4 }
const pooled = { channels: 2, height: 1, width: 1 }
const logits = { channels: 3, height: 1, width: 1 }
const specs: ParameterSpec[] = [
  { name: 'conv', shape: [2, 2, 3, 3], init: { kind: 'zeros' } },
  { name: 'bias', shape: [2], init: { kind: 'zeros' } },
  { name: 'head.weight', shape: [3, 2], init: { kind: 'zeros' } },
  { name: 'head.bias', shape: [3], init: { kind: 'zeros' } },
]
const window = { kernel: 3, stride: 1, padding: 1, dilation: 1, groups: 1 } as const
const conv = { op: 'conv2d', input: 0, output: shape, weight: 'conv', ...window } as const
const head = (input: number): Instruction[] => [
  { op: 'globalAvgPool', input, output: pooled },
  { op: 'linear', input: input + 1, output: logits, weight: 'head.weight', bias: 'head.bias' },
]
const logitsAt = (value: number) => [{ value, role: 'logits', weight: 1 } as const]
const start: Instruction = { op: 'input', output: shape }
const good: Program = { instructions: [start, conv, ...head(1)], outputs: logitsAt(3), idle: ['bias'] }

const images = (overrides: Partial<ImageData> = {}): ImageData => ({
  images: new Float32Array(2 * 32),
  labels: Int32Array.of(0, 2),
  ...shape,
  ...overrides,
})

/** Whether the call throws at once or its promise rejects, the error is the same to the caller who awaits. */
const attempt = (call: () => unknown) => expect((async () => call())())

describe('compile', () => {
  it('lists the parameters that a plan samples, used and idle', () => {
    using net = new Supernet(specs)
    using plan = net.compile(good)
    expect(plan.parameters).toEqual(['conv', 'head.weight', 'head.bias', 'bias'])
  })

  it.each<[string, Program, RegExp]>([
    [
      'an unknown parameter',
      { ...good, instructions: [start, { ...conv, weight: 'missing' }, ...head(1)] },
      /instruction 1 \(conv2d\).*missing/,
    ],
    ['an unknown idle parameter', { ...good, idle: ['missing'] }, /missing/],
    [
      'a parameter of another shape',
      { ...good, instructions: [start, { ...conv, weight: 'head.weight' }, ...head(1)] },
      /instruction 1 \(conv2d\)/,
    ],
    [
      'a value that does not exist yet',
      { ...good, instructions: [start, { ...conv, input: 2 }, ...head(1)] },
      /instruction 1 \(conv2d\)/,
    ],
    [
      'an output shape that the instruction does not give',
      { ...good, instructions: [start, { ...conv, output: { ...shape, height: 3 } }, ...head(1)] },
      /instruction 1 \(conv2d\)/,
    ],
    [
      'a sum of unequal shapes',
      {
        instructions: [
          start,
          { op: 'globalAvgPool', input: 0, output: pooled },
          { op: 'add', inputs: [0, 1], output: shape },
          ...head(2),
        ],
        outputs: logitsAt(4),
        idle: [],
      },
      /instruction 2 \(add\)/,
    ],
    ['an output that does not exist', { ...good, outputs: logitsAt(9) }, /output.*9|9.*output/],
    [
      'an auxiliary output of another shape',
      { ...good, outputs: [...good.outputs, { value: 2, role: 'auxiliary', weight: 1 }] },
      /shape 3x1x1 for an auxiliary output but received 2x1x1/,
    ],
    [
      'a weight of an output that is no number',
      { ...good, outputs: [{ value: 3, role: 'logits', weight: Number.NaN }] },
      /a number of at least 0 for the weight of a program's output but received /,
    ],
    [
      'a weight of an output below zero',
      { ...good, outputs: [{ value: 3, role: 'logits', weight: -1 }] },
      /a number of at least 0 for the weight of a program's output but received -1/,
    ],
    [
      'a kernel of zero',
      { ...good, instructions: [start, { ...conv, kernel: 0 }, ...head(1)] },
      /instruction 1 \(conv2d\)/,
    ],
    [
      'groups that do not divide the channels',
      { ...good, instructions: [start, { ...conv, groups: 3 }, ...head(1)] },
      /groups that divide .* instruction 1 \(conv2d\)/,
    ],
    [
      'a dilation of zero',
      { ...good, instructions: [start, { ...conv, dilation: 0 }, ...head(1)] },
      /instruction 1 \(conv2d\)/,
    ],
    [
      'a batch norm whose parameters have another shape',
      {
        ...good,
        instructions: [
          start,
          { op: 'batchNorm', input: 0, output: shape, affine: { weight: 'bias', bias: 'conv' } },
          ...head(1),
        ],
      },
      /a parameter of shape \[2\] for instruction 1 \(batchNorm\)/,
    ],
    [
      'a batch norm whose buffers the supernet lacks',
      {
        ...good,
        instructions: [
          start,
          { op: 'batchNorm', input: 0, output: shape, running: { mean: 'm', variance: 'v' } },
          ...head(1),
        ],
      },
      /a buffer of the supernet for instruction 1 \(batchNorm\)/,
    ],
    [
      'a concatenation of unequal heights',
      {
        instructions: [
          start,
          { op: 'globalAvgPool', input: 0, output: pooled },
          { op: 'concat', inputs: [0, 1], output: { ...shape, channels: 4 } },
          ...head(2),
        ],
        outputs: logitsAt(4),
        idle: [],
      },
      /instruction 2 \(concat\)/,
    ],
    [
      'a crop beyond the image',
      { ...good, instructions: [start, { op: 'crop2d', input: 0, output: shape, top: 1, left: 0 }, ...head(1)] },
      /a part of 2x4x4 for instruction 1 \(crop2d\)/,
    ],
    [
      'a pool with more padding than half its kernel',
      {
        ...good,
        instructions: [
          start,
          { op: 'maxPool2d', input: 0, output: { ...shape, height: 6, width: 6 }, kernel: 3, stride: 1, padding: 2 },
          ...head(1),
        ],
      },
      /instruction 1 \(maxPool2d\)/,
    ],
    [
      'a stride beyond all bounds',
      {
        ...good,
        instructions: [
          start,
          {
            op: 'maxPool2d',
            input: 0,
            output: { ...shape, height: 1, width: 1 },
            kernel: 3,
            stride: 2 ** 20,
            padding: 1,
          },
          ...head(1),
        ],
      },
      /a stride of at most 1024 for instruction 1 \(maxPool2d\)/,
    ],
    [
      'a probability of one',
      { ...good, instructions: [start, { op: 'dropout', input: 0, output: shape, p: 1 }, ...head(1)] },
      /a probability below 1 for instruction 1 \(dropout\)/,
    ],
    ['no instructions', { instructions: [], outputs: logitsAt(0), idle: [] }, /Expected/],
  ])('refuses %s', (_, program, message) => {
    using net = new Supernet(specs)
    expect(() => net.compile(program)).toThrow(message)
    expect(() => net.compile(program)).toThrow(/^Expected .* but received /)
  })
})

it('compiles chains of any length', () => {
  using net = new Supernet(specs)
  const length = 200_000
  const dropped = (input: number): Instruction => ({ op: 'dropout', input, output: pooled, p: 0 })
  const chain = Array.from({ length }, (_, i) => dropped(1 + i))
  const last = { op: 'linear', input: 1 + length, output: logits, weight: 'head.weight', bias: 'head.bias' } as const
  const instructions: Instruction[] = [start, { op: 'globalAvgPool', input: 0, output: pooled }, ...chain, last]
  using plan = net.compile({ instructions, outputs: logitsAt(2 + length), idle: [] })
  expect(plan.parameters).toEqual(['head.weight', 'head.bias'])
})

describe('bad arguments', () => {
  it('a data set refuses images whose memory goes elsewhere while it reads what else there is', () => {
    const bytes = new Uint8Array(64)
    let elsewhere: ArrayBuffer | undefined
    const data = images({ images: bytes, std: [1, 1] })
    Object.defineProperty(data, 'mean', {
      get() {
        elsewhere = structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
        return [0, 0]
      },
    })
    expect(() => new Dataset(data)).toThrow('Expected 64 values for images but received 0')
    expect(elsewhere?.byteLength).toBe(64)
  })

  it.each<[string, Partial<ImageData>]>([
    ['too few pixels', { images: new Float32Array(5) }],
    ['more labels than images', { labels: Int32Array.of(0, 1, 2) }],
    ['a mean of the wrong length', { images: new Uint8Array(64), mean: [0, 0, 0], std: [1, 1] }],
    ['a negative label', { labels: Int32Array.of(0, -1) }],
  ])('a data set refuses %s', (_, overrides) => {
    expect(() => new Dataset(images(overrides))).toThrow(/^Expected .* but received /)
  })

  it('a step refuses indices outside the data set, labels outside the classes and images of another shape', async () => {
    using net = new Supernet(specs)
    using plan = net.compile(good)
    using dataset = new Dataset(images())
    for (const indices of [Int32Array.of(0, 2), Int32Array.of(-1), Int32Array.of()]) {
      await attempt(() => net.accumulate(plan, { dataset, indices })).rejects.toThrow(/^Expected .* but received /)
    }
    using labels = new Dataset(images({ labels: Int32Array.of(0, 3) }))
    await attempt(() => net.accumulate(plan, { dataset: labels, indices: Int32Array.of(1) })).rejects.toThrow(
      /^Expected .* but received /,
    )
    using small = new Dataset(images({ images: new Float32Array(36), height: 3, width: 3 }))
    await attempt(() => net.accumulate(plan, { dataset: small, indices: Int32Array.of(0) })).rejects.toThrow(
      /^Expected .* but received /,
    )
    const weights = Float32Array.of(1, 2, 3)
    await attempt(() => net.accumulate(plan, { dataset, indices: Int32Array.of(0), weights })).rejects.toThrow(
      /^Expected .* but received /,
    )
  })

  it('a supernet refuses state of another length, and plans of another supernet', async () => {
    using net = new Supernet(specs)
    await attempt(() => net.write('parameters', new Float32Array(3))).rejects.toThrow(/^Expected .* but received 3/)
    using other = new Supernet([...specs, { name: 'more', shape: [1], init: { kind: 'zeros' } }])
    using plan = other.compile(good)
    using dataset = new Dataset(images())
    await attempt(() => net.logits(plan, dataset, Int32Array.of(0))).rejects.toThrow(/^Expected .* but received /)
  })
})

describe('errors', () => {
  it('have a code and the stack of whoever called, where arguments are wrong and where the work fails', async () => {
    using net = new Supernet(specs)
    using plan = net.compile(good)
    using dataset = new Dataset(images())
    using strange = new Dataset(images({ labels: Int32Array.of(0, 7) }))
    const indices = Int32Array.of(0, 1)
    async function callerOf(call: () => Promise<unknown>): Promise<unknown> {
      return await call()
    }
    const calls = [
      () => net.accumulate(plan, { dataset, indices: [0, 1] as never }),
      () => net.accumulate(plan, { dataset: strange, indices }),
    ]
    for (const call of calls) {
      const error = (await callerOf(call).catch((reason: unknown) => reason)) as NodeJS.ErrnoException
      expect(error).toBeInstanceOf(Error)
      expect(error.code).toBe('ERR_INVALID_ARGUMENT')
      expect(error.message).toMatch(/^Expected .* but received /)
      expect(error.stack).toMatch(/^Error: Expected .* but received .*\n {4}at /)
      expect(error.stack).toMatch(/accumulate .*supernet[.]ts[\s\S]*callerOf .*contract[.]test[.]ts/)
    }
  })
})

describe('disposed handles', () => {
  it('throw, and disposing twice is harmless', async () => {
    const net = new Supernet(specs)
    const plan = net.compile(good)
    const dataset = new Dataset(images())
    const indices = Int32Array.of(0, 1)
    dataset.dispose()
    dataset.dispose()
    await attempt(() => net.accumulate(plan, { dataset, indices })).rejects.toThrow(/disposed/)
    using second = new Dataset(images())
    plan.dispose()
    plan.dispose()
    await attempt(() => net.logits(plan, second, indices)).rejects.toThrow(/disposed/)
    net.dispose()
    net.dispose()
    expect(() => net.compile(good)).toThrow(/disposed/)
    for (const call of [() => net.read('parameters'), () => net.moments(), () => net.clip(1), () => net.counts()]) {
      await attempt(call).rejects.toThrow(/disposed/)
    }
  })

  it('may be disposed while a call that uses them runs', async () => {
    const net = new Supernet(specs)
    const plan = net.compile(good)
    const dataset = new Dataset(images())
    const running = net.accumulate(plan, { dataset, indices: Int32Array.of(0, 1) })
    for (const handle of [plan, dataset, net]) handle.dispose()
    expect((await running).loss).toBeCloseTo(Math.log(3), 5)
  })
})

describe('the event loop', () => {
  it('turns while native work runs', async () => {
    const space = nasBench201()
    using net = new Supernet(space.parameters())
    using plan = net.compile(space.program([3, 3, 3, 3, 3, 3]))
    const count = 64
    using dataset = new Dataset({
      images: new Uint8Array(count * 3072),
      labels: new Int32Array(count),
      ...space.input,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    })
    // A timer fires before calls settle that were made before it, unless the addon keeps this thread waiting. On a busy
    // machine this thread may wait for its turn as long as some calls take, but not as long as ever more of them.
    let free = false
    for (let calls = 1; !free && calls <= 256; calls *= 2) {
      let settled = false
      let fired = false
      const began = performance.now()
      const finished = Promise.all(
        Array.from({ length: calls }, () => net.evaluate(plan, dataset, { batchSize: count })),
      )
      const calling = performance.now() - began
      setTimeout(() => {
        fired = !settled
      })
      for (const { count: evaluated } of await finished) expect(evaluated).toBe(count)
      settled = true
      await setImmediate()
      free = fired && calling < (performance.now() - began) / 10
    }
    expect(free).toBe(true)
  })
})

describe('nativeInfo', () => {
  it('tells versions, threads and devices', () => {
    const info = nativeInfo()
    expect(info.torch).toMatch(/^2\.\d+/)
    expect(info.threads).toBeGreaterThan(0)
    expect(Array.isArray(info.cudaDevices)).toBe(true)
  })
})
