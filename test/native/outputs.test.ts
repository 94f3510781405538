/** Programs with auxiliary outputs: their part in the loss, and their absence from everything else. */
import { describe, expect, it } from 'vitest'
import type { Program, Value } from '../../src/programs/program.js'
import { scalarGradients, scalarRecord } from '../support/scalar-reference.js'
import { gradientErrors, NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const INPUT = { channels: 2, height: 6, width: 6 }
const CLASSES = 3
const WEIGHT = 0.4

class TwoHeads extends NetBuilder {
  head(x: Value, name: string): Value {
    const pooled = x.shape.height === 1 ? x : this.program.globalAvgPool(x)
    const names = { weight: `${name}.weight`, bias: `${name}.bias` }
    this.specs.push({ name: names.weight, shape: [CLASSES, x.shape.channels], init: { kind: 'zeros' } })
    this.specs.push({ name: names.bias, shape: [CLASSES], init: { kind: 'zeros' } })
    return this.program.linear(pooled, { ...names, features: CLASSES })
  }
}

type Heads = { logits: Value; auxiliary: { value: Value; weight: number }[] }

const trunk = (net: TwoHeads) => net.norm(net.conv(net.program.input(INPUT), 3, 3), { running: true })
const branch = (net: TwoHeads, x: Value) => net.norm(net.conv(net.program.relu(x), 3, 3), { running: true })

/** Where the auxiliary output may lie. */
const NETWORKS: Record<string, (net: TwoHeads) => Heads> = {
  'a head beside the last layers, which reads the ReLU that they read': (net) => {
    const x = trunk(net)
    const aside = net.head(branch(net, net.program.avgPool2d(net.program.relu(x), { kernel: 5 })), 'aside')
    return { logits: net.head(branch(net, x), 'head'), auxiliary: [{ value: aside, weight: WEIGHT }] }
  },
  'a head after the logits': (net) => {
    const x = trunk(net)
    const logits = net.head(branch(net, x), 'head')
    return { logits, auxiliary: [{ value: net.head(branch(net, x), 'aside'), weight: 2 }] }
  },
  'two heads, one of weight 0': (net) => {
    const x = trunk(net)
    const heads = [WEIGHT, 0].map((weight, i) => ({ value: net.head(branch(net, x), `aside${i}`), weight }))
    return { logits: net.head(x, 'head'), auxiliary: heads }
  },
  'an output that the logits are made of': (net) => {
    const aside = net.head(trunk(net), 'aside')
    return { logits: net.head(net.program.relu(aside), 'head'), auxiliary: [{ value: aside, weight: WEIGHT }] }
  },
  'the logits once more': (net) => {
    const logits = net.head(trunk(net), 'head')
    return { logits, auxiliary: [{ value: logits, weight: WEIGHT }] }
  },
}

function build(write: (net: TwoHeads) => Heads): { net: TwoHeads; program: Program } {
  const net = new TwoHeads()
  const { logits, auxiliary } = write(net)
  return { net, program: net.program.finish(logits, auxiliary) }
}

describe.each(Object.entries(NETWORKS))('%s', (_, write) => {
  const { net: builder, program } = build(write)
  const { specs, buffers } = builder
  const only: Program = { ...program, outputs: program.outputs.filter(({ role }) => role === 'logits') }

  it.each(['fast', 'reference'] as const)('trains by the sum of losses, %s', async (arithmetic) => {
    using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers, arithmetic })
    const { net, plan, dataset, indices, parameters } = small
    const weights = [1.5, 0.5, 2, 1]
    const batch = { ...small.batch, weights }
    const expected = scalarRecord(program, parameters, batch)
    const record = await net.accumulate(plan, { dataset, indices, weights: Float32Array.from(weights) })
    expect(record.loss).toBeCloseTo(expected.loss, 5)
    expect(record.totalLoss).toBeCloseTo(expected.totalLoss, 5)
    expect(record.correct).toBe(expected.correct)
    expect(relativeError(record.importance, expected.importance)).toBeLessThan(1e-5)
    const gradients = byName(specs, await net.read('gradients'))
    for (const [name, gradient] of scalarGradients(program, parameters, batch)) {
      // A bias before a batch norm has a gradient of zero, which float32 computes up to rounding.
      const zero = gradient.every((value) => Math.abs(value) < 1e-6)
      const error = relativeError(gradients.get(name)!, gradient, zero ? 1 : 0.01)
      expect(error, name).toBeLessThan(zero ? 1e-5 : 2e-4)
    }
  })

  it('is evaluated as the logits alone', async () => {
    using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers })
    const { net, plan, dataset, indices } = small
    using alone = net.compile(only)
    expect(await net.logits(plan, dataset, indices)).toEqual(await net.logits(alone, dataset, indices))
    const options = { batchSize: 3 }
    expect(await net.evaluate(plan, dataset, options)).toEqual(await net.evaluate(alone, dataset, options))
  })

  it('is near float32 in bfloat16', async () => {
    const gradients = async (precision: 'float32' | 'bfloat16') => {
      using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers, precision })
      await small.net.accumulate(small.plan, { dataset: small.dataset, indices: small.indices })
      return byName(specs, await small.net.read('gradients'))
    }
    for (const [name, error] of gradientErrors(await gradients('bfloat16'), await gradients('float32'))) {
      expect(error, name).toBeLessThan(0.2)
    }
  })
})

describe('evaluation', () => {
  const { net: builder, program } = build(NETWORKS['a head after the logits'])
  const { specs, buffers } = builder

  it('needs no parameters of auxiliary outputs', async () => {
    using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers })
    const { net, plan, dataset, indices } = small
    const expected = await net.logits(plan, dataset, indices)
    const parameters = await net.read('parameters')
    byName(specs, parameters).get('aside.weight')!.fill(Number.NaN)
    await net.write('parameters', parameters)
    expect(await net.logits(plan, dataset, indices)).toEqual(expected)
    expect((await net.evaluate(plan, dataset, { batchSize: 4 })).loss).toBeGreaterThan(0)
    expect((await net.accumulate(plan, { dataset, indices })).totalLoss).toBeNaN()
  })

  it('leaves their running statistics alone when it estimates others again', async () => {
    using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers })
    const { net, plan, dataset, indices } = small
    const before = byName(buffers, (await net.read('buffers')).fill(7))
    await net.write('buffers', joined(before.values()))
    await net.recalibrate(plan, { dataset, indices, batchSize: 4 })
    const after = byName(buffers, await net.read('buffers'))
    const changed = buffers.map(({ name }) => name).filter((name) => after.get(name)!.some((value) => value !== 7))
    // Mean and variance of the trunk's norm, then of the main branch's; those of the auxiliary branch come last.
    expect(changed).toEqual(buffers.slice(0, 4).map(({ name }) => name))
    expect(buffers).toHaveLength(6)
  })

  it('counts all parameters as sampled in training', async () => {
    using small = await smallNet(program, specs, INPUT, { classes: CLASSES, buffers })
    expect([...small.plan.parameters].sort()).toEqual(specs.map(({ name }) => name).sort())
  })
})

function joined(tensors: Iterable<Float32Array>): Float32Array {
  return Float32Array.from([...tensors].flatMap((tensor) => [...tensor]))
}
