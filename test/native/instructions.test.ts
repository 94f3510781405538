import { describe, expect, it } from 'vitest'
import type { Program, Shape, Value } from '../../src/program.js'
import { randomNumbers } from '../support/random.js'
import { scalarGradients, scalarLogits, scalarRecord } from '../support/scalar-reference.js'
import { byName } from '../support/state.js'
import { NetBuilder, relativeError, smallNet } from './small-net.js'

const INPUT: Shape = { channels: 2, height: 6, width: 5 }
const CLASSES = 3

/** What one instruction, or a few of them that an implementation may fuse, does to the image. */
type Body = (net: NetBuilder, x: Value) => Value

const BODIES: Readonly<Record<string, Body>> = {
  'linear after globalAvgPool': (_, x) => x,
  'conv2d 1×1': (net, x) => net.conv(x, 3, 1),
  'conv2d 3×3': (net, x) => net.conv(x, 3, 3),
  'conv2d 3×3 without bias': (net, x) => net.conv(x, 3, 3, { bias: false }),
  'conv2d 3×3 of stride 2': (net, x) => net.conv(x, 3, 3, { stride: 2 }),
  'conv2d 1×1 of stride 2': (net, x) => net.conv(x, 3, 1, { stride: 2 }),
  'conv2d 3×3 without padding': (net, x) => net.conv(x, 3, 3, { padding: 0 }),
  'conv2d 5×5': (net, x) => net.conv(x, 2, 5),
  'two convolutions': (net, x) => net.conv(net.conv(x, 4, 3), 3, 1),
  relu: (net, x) => net.program.relu(net.conv(x, 3, 1)),
  'relu of the images': (net, x) => net.conv(net.program.relu(x), 3, 3),
  batchNorm: (net, x) => net.program.relu(net.program.batchNorm(net.conv(x, 3, 3))),
  'batchNorm of the images': (net, x) => net.conv(net.program.batchNorm(x), 3, 3),
  'batchNorm, then conv2d': (net, x) => net.conv(net.program.batchNorm(net.conv(x, 3, 3)), 3, 3),
  'avgPool2d 3×3': (net, x) => net.program.avgPool2d(net.conv(x, 3, 3), { kernel: 3 }),
  'avgPool2d 2×2 of stride 2': (net, x) =>
    net.program.avgPool2d(net.conv(x, 3, 3), { kernel: 2, stride: 2, padding: 0 }),
  'relu, then avgPool2d': (net, x) => net.program.avgPool2d(net.program.relu(net.conv(x, 3, 3)), { kernel: 3 }),
  'add of two': (net, x) => net.program.add([net.conv(x, 3, 3), net.conv(x, 3, 1)]),
  'add of one value twice': (net, x) => {
    const y = net.conv(x, 3, 3)
    return net.program.add([y, y, net.program.relu(y)])
  },
  'add with zeros': (net, x) => {
    const y = net.conv(x, 3, 3)
    return net.program.relu(net.program.add([net.program.zeros(y.shape), y]))
  },
  'zeros through batchNorm': (net, x) => net.program.batchNorm(net.program.zeros(x.shape)),
  'conv2d of zeros': (net, x) => net.program.relu(net.conv(net.program.zeros(x.shape), 3, 3)),
  'a relu shared by two convolutions': (net, x) => {
    const y = net.program.relu(net.program.batchNorm(net.conv(x, 3, 3)))
    const branches = [net.conv(y, 3, 1), net.conv(y, 3, 3)].map((branch) => net.program.batchNorm(branch))
    return net.program.relu(net.program.add(branches))
  },
  'a value used before and after its relu': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    return net.program.add([y, net.program.batchNorm(net.conv(net.program.relu(y), 3, 3)), net.program.relu(y)])
  },
  'a sum that is normalised again': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    const z = net.program.add([y, net.program.avgPool2d(y, { kernel: 3 })])
    return net.program.relu(net.program.batchNorm(z))
  },
  'a value that nothing uses': (net, x) => {
    net.program.relu(net.conv(x, 5, 3))
    return net.conv(x, 3, 1)
  },
}

/** Random programs: every instruction after every other, values used again at random. */
function randomBody(seed: number): Body {
  const random = randomNumbers(seed)
  const below = (count: number) => Math.floor(((random() + 1) / 2) * count)
  return (net, x) => {
    const values = [net.program.batchNorm(net.conv(x, 3, 3))]
    const pick = () => values[values.length - 1 - below(Math.min(values.length, 4))]
    for (let i = 0; i < 9; i++) {
      const kinds: (() => Value)[] = [
        () => net.program.batchNorm(net.conv(net.program.relu(pick()), 3, 3)),
        () => net.program.batchNorm(net.conv(net.program.relu(pick()), 3, 1)),
        () => net.conv(pick(), 3, 3, { bias: false }),
        () => net.program.batchNorm(pick()),
        () => net.program.relu(pick()),
        () => net.program.avgPool2d(pick(), { kernel: 3 }),
        () => net.program.add([pick(), pick()]),
        () => net.program.add([pick(), pick(), pick()]),
      ]
      values.push(kinds[below(kinds.length)]())
    }
    return net.program.relu(net.program.add(values.slice(-3)))
  }
}

function build(body: Body): { net: NetBuilder; program: Program } {
  const net = new NetBuilder()
  return { net, program: net.classify(body(net, net.program.input(INPUT)), CLASSES) }
}

async function check(body: Body, seed: number) {
  const { net: builder, program } = build(body)
  using fast = await smallNet(program, builder.specs, INPUT, { seed, classes: CLASSES })
  using reference = await smallNet(program, builder.specs, INPUT, { seed, classes: CLASSES, arithmetic: 'reference' })
  const { batch, parameters } = fast
  const expected = scalarRecord(program, parameters, batch)
  const logits = scalarLogits(program, parameters, batch)
  const numeric = scalarGradients(program, parameters, batch)

  for (const [arithmetic, { net, plan, dataset, indices }] of Object.entries({ fast, reference })) {
    expect(relativeError(await net.logits(plan, dataset, indices), logits), arithmetic).toBeLessThan(1e-5)
    const record = await net.accumulate(plan, { dataset, indices })
    expect(record.loss, arithmetic).toBeCloseTo(expected.loss, 5)
    expect(record.correct, arithmetic).toBe(expected.correct)
    expect(relativeError(record.importance, expected.importance), arithmetic).toBeLessThan(1e-5)

    const gradients = byName(builder.specs, await net.read('gradients'))
    for (const [name, gradient] of numeric) {
      // Relative to 0.01 where a gradient is zero: float32 leaves rounding noise there.
      expect(relativeError(gradients.get(name) ?? [], gradient, 0.01), `${arithmetic} ${name}`).toBeLessThan(2e-4)
    }
  }
}

describe('forward and backward of', () => {
  it.each(Object.entries(BODIES))('%s equal float64 loops and differences', (_, body) => check(body, 7))

  it.each(Array.from({ length: 24 }, (_, i) => i + 1))(
    'random program %i equal float64 loops and differences',
    (seed) => check(randomBody(seed), seed),
  )
})

describe('loss weights', () => {
  it('multiply each sample’s loss, divided by the batch size', async () => {
    const { net: builder, program } = build(BODIES.batchNorm)
    using small = await smallNet(program, builder.specs, INPUT, { classes: CLASSES })
    const { net, plan, dataset, indices, parameters } = small
    const weights = [0.5, 2, 0, 3.25]
    const batch = { ...small.batch, weights }
    const record = await net.accumulate(plan, { dataset, indices, weights: Float32Array.from(weights) })
    expect(record.loss).toBeCloseTo(scalarRecord(program, parameters, batch).loss, 5)
    expect(record.importance.every((value) => value > 0)).toBe(true)
    const gradients = byName(builder.specs, await net.read('gradients'))
    for (const [name, numeric] of scalarGradients(program, parameters, batch)) {
      expect(relativeError(gradients.get(name) ?? [], numeric, 0.01), name).toBeLessThan(2e-4)
    }
  })
})

describe('accumulate', () => {
  it('adds to the gradients held', async () => {
    const { net: builder, program } = build(BODIES.batchNorm)
    using small = await smallNet(program, builder.specs, INPUT, { classes: CLASSES })
    const { net, plan, dataset, indices } = small
    await net.accumulate(plan, { dataset, indices })
    const once = await net.read('gradients')
    await net.accumulate(plan, { dataset, indices })
    expect(
      relativeError(
        await net.read('gradients'),
        once.map((value) => 2 * value),
      ),
    ).toBeLessThan(1e-5)
  })
})
