/** Mixes, against float64 loops and differences: of weights as for other instructions, and of the coefficients. */
import { describe, expect, it } from 'vitest'
import type { Arithmetic, Precision } from '../../src/native/index.js'
import type { Program, Shape, Value } from '../../src/programs/program.js'
import { scalarGradients, scalarRecord } from '../support/scalar-reference.js'
import { gradientErrors, NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const INPUT: Shape = { channels: 2, height: 6, width: 5 }
const CLASSES = 3
const ARITHMETICS: readonly Arithmetic[] = ['fast', 'reference']

interface Case {
  readonly mixing: readonly number[]
  body(net: NetBuilder, x: Value): Value
}

/** An edge as CLOSE trains it: blocks of equal convolutions behind one ReLU. */
function edge(net: NetBuilder, x: Value, blocks: number, first: number, kernel = 1): Value {
  const { program } = net
  const y = program.relu(x)
  const branches = Array.from({ length: blocks }, () => program.batchNorm(net.conv(y, 8, kernel)))
  return program.mix(branches, first)
}

const CASES: Readonly<Record<string, Case>> = {
  'of three': {
    mixing: [0.5, -1.25, 2],
    body: (net, x) => net.program.mix([net.conv(x, 3, 3), net.conv(x, 3, 1), net.program.relu(net.conv(x, 3, 1))], 0),
  },
  'of one value that is taken whole': {
    mixing: [0, 1, 0],
    body: (net, x) => edge(net, net.conv(x, 8, 1), 3, 0, 3),
  },
  'whose value is taken whole and normalised alone': {
    mixing: [1, 0],
    body: (net, x) => net.program.batchNorm(net.program.mix([net.conv(x, 8, 3), net.conv(x, 8, 1)], 0)),
  },
  'of nothing at all': {
    mixing: [0, 0],
    body: (net, x) => {
      const y = net.conv(x, 3, 1)
      return net.program.add([net.program.mix([net.conv(x, 3, 3), net.conv(y, 3, 1)], 0), y])
    },
  },
  'of values used elsewhere, twice by one mix': {
    mixing: [1, 1, 0.25],
    body: (net, x) => {
      const y = net.program.batchNorm(net.conv(x, 3, 3))
      const z = net.program.mix([y, net.program.relu(y), y], 0)
      return net.program.relu(net.program.add([z, net.program.batchNorm(z), y]))
    },
  },
  'of the images': {
    mixing: [0.75],
    body: (net, x) => net.conv(net.program.mix([x], 0), 3, 3),
  },
  'of pooled features': {
    mixing: [0.6, 0.4],
    body: (net, x) => {
      const features = [net.program.globalAvgPool(net.conv(x, 4, 3)), net.program.globalAvgPool(net.conv(x, 4, 1))]
      return net.program.mix(features, 0)
    },
  },
  'one after another, sharing coefficients': {
    mixing: [0, 1, 1, 0],
    body: (net, x) => {
      const y = edge(net, net.conv(x, 8, 1), 2, 0)
      const z = net.program.add([edge(net, y, 2, 2), y])
      return edge(net, net.program.avgPool2d(z, { kernel: 2, stride: 2 }), 2, 0)
    },
  },
}

function build({ body }: Case): { net: NetBuilder; program: Program } {
  const net = new NetBuilder()
  return { net, program: net.classify(body(net, net.program.input(INPUT)), CLASSES) }
}

async function compute(one: Case, arithmetic: Arithmetic, precision: Precision = 'float32') {
  const { net: builder, program } = build(one)
  using small = await smallNet(program, builder.specs, INPUT, { seed: 5, classes: CLASSES, arithmetic, precision })
  const { net, plan, dataset, indices, batch, parameters } = small
  const record = await net.accumulate(plan, { dataset, indices, mixing: Float32Array.from(one.mixing) })
  const gradients = byName(builder.specs, await net.read('gradients'))
  await net.recordMoments()
  const { timesSampled } = await net.counts()
  return { program, batch: { ...batch, mixing: one.mixing }, parameters, record, gradients, timesSampled }
}

describe('a mix', () => {
  it.each(Object.entries(CASES))('%s equals float64 loops and differences', async (_, one) => {
    const { program, batch, parameters } = await compute(one, 'reference')
    const expected = scalarRecord(program, parameters, batch)
    const ofWeights = scalarGradients(program, parameters, batch)
    const ofCoefficients = one.mixing.map((_, i) => {
      const lossAt = (offset: number) =>
        scalarRecord(program, parameters, { ...batch, mixing: one.mixing.with(i, one.mixing[i] + offset) }).loss
      return (lossAt(1e-6) - lossAt(-1e-6)) / 2e-6
    })
    for (const arithmetic of ARITHMETICS) {
      const { record, gradients } = await compute(one, arithmetic)
      expect(record.loss, arithmetic).toBeCloseTo(expected.loss, 5)
      expect(relativeError(record.importance, expected.importance), arithmetic).toBeLessThan(1e-5)
      for (const [name, gradient] of ofWeights) {
        const error = relativeError(gradients.get(name)!, gradient, 0.01)
        expect(error, `${arithmetic} ${name}`).toBeLessThan(2e-4)
      }
      expect(relativeError(record.mixingGradients!, ofCoefficients, 0.01), arithmetic).toBeLessThan(2e-4)
    }
  })

  it.each(Object.entries(CASES))('%s is near float32 in bfloat16', async (_, one) => {
    const exact = await compute(one, 'reference')
    for (const arithmetic of ARITHMETICS) {
      const rounded = await compute(one, arithmetic, 'bfloat16')
      expect(rounded.record.loss, arithmetic).toBeCloseTo(exact.record.loss, 1)
      const error = relativeError(rounded.record.mixingGradients!, exact.record.mixingGradients!, 0.1)
      expect(error, arithmetic).toBeLessThan(0.15)
      for (const [name, ofWeights] of gradientErrors(rounded.gradients, exact.gradients)) {
        expect(ofWeights, `${arithmetic}: ${name}`).toBeLessThan(0.2)
      }
    }
  })

  it.each(ARITHMETICS)('gives what it leaves out no gradient, but counts it as sampled: %s', async (arithmetic) => {
    const { gradients, timesSampled, record } = await compute(CASES['of one value that is taken whole'], arithmetic)
    const zero = [...gradients].map(([, values]) => values.every((value) => value === 0))
    const names = [...gradients.keys()]
    const left = names.filter((_, i) => zero[i]).filter((name) => name.endsWith('weight'))
    // The convolutions of the first and the last block; the second one is taken.
    expect(left).toEqual(['conv2.weight', 'conv6.weight'])
    expect([...timesSampled]).toEqual(names.map(() => 1))
    expect(record.mixingGradients!.every((value) => value !== 0)).toBe(true)
  })

  it('asks for as many coefficients as it reads', async () => {
    const { net: builder, program } = build(CASES['of three'])
    using small = await smallNet(program, builder.specs, INPUT, { classes: CLASSES })
    const { net, plan, dataset, indices } = small
    const wanted = 'Expected 3 coefficients, as many as the program mixes by, for mixing but received'
    await expect(net.logits(plan, dataset, indices)).rejects.toThrow(`${wanted} 0`)
    await expect(net.evaluate(plan, dataset, { batchSize: 2 })).rejects.toThrow(`${wanted} 0`)
    const mixing = new Float32Array(4)
    await expect(net.accumulate(plan, { dataset, indices, mixing })).rejects.toThrow(`${wanted} 4`)
  })

  it('is refused for values of different shapes and for no values', () => {
    const net = new NetBuilder()
    const x = net.program.input(INPUT)
    expect(() => net.program.mix([], 0)).toThrow('Expected at least one value for mix but received none')
    expect(() => net.program.mix([x, net.conv(x, 3, 1)], 0)).toThrow('Expected equal shapes for mix')
    expect(() => net.program.mix([x], -1)).toThrow('Expected the index of a coefficient for mix but received -1')
  })
})
