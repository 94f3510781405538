import { describe, expect, it } from 'vitest'
import { INSTRUCTIONS } from '../../src/programs/instructions.js'
import type { Instruction, Program, Shape } from '../../src/programs/program.js'
import { BODIES, type Body, randomBody, randomMobileBody } from '../support/bodies.js'
import { scalarGradients, scalarLogits, scalarRecord } from '../support/scalar-reference.js'
import { gradientErrors, NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const INPUT: Shape = { channels: 2, height: 6, width: 5 }
const CLASSES = 3

function build(body: Body): { net: NetBuilder; program: Program } {
  const net = new NetBuilder()
  return { net, program: net.classify(body(net, net.program.input(INPUT)), CLASSES) }
}

/** Differences of float64 numbers are below this where a gradient is zero, as that of a bias before a batch norm. */
const ZERO = 1e-6
/** What float32 sums that should cancel may leave of such a gradient: ATen leaves up to 6e-6, by processor. */
const ROUNDING = 1e-5

/** `tolerance`: of gradients that are not zero, relative to the largest of a parameter. */
async function check(body: Body, seed: number, tolerance = 2e-4) {
  const { net: builder, program } = build(body)
  const { buffers } = builder
  const options = { seed, classes: CLASSES, buffers }
  using fast = await smallNet(program, builder.specs, INPUT, options)
  using reference = await smallNet(program, builder.specs, INPUT, { ...options, arithmetic: 'reference' })
  const { parameters } = fast
  const drop = { seed: 1000 + seed, pathScale: 0.9 }
  const batch = { ...fast.batch, drop }
  const expected = scalarRecord(program, parameters, batch)
  const running = new Map(buffers.map(({ name, shape, init }) => [name, new Float64Array(shape[0]).fill(init)]))
  const logits = scalarLogits(program, parameters, { ...fast.batch, running })
  const numeric = scalarGradients(program, parameters, batch)

  for (const [arithmetic, { net, plan, dataset, indices }] of Object.entries({ fast, reference })) {
    expect(relativeError(await net.logits(plan, dataset, indices), logits), arithmetic).toBeLessThan(1e-5)
    const record = await net.accumulate(plan, { dataset, indices, drop })
    expect(record.loss, arithmetic).toBeCloseTo(expected.loss, 5)
    expect(record.correct, arithmetic).toBe(expected.correct)
    expect(relativeError(record.importance, expected.importance), arithmetic).toBeLessThan(1e-5)

    const gradients = byName(builder.specs, await net.read('gradients'))
    for (const [name, gradient] of numeric) {
      const received = gradients.get(name) ?? new Float32Array(gradient.length)
      if (gradient.every((value) => Math.abs(value) < ZERO)) {
        expect(Math.max(...received.map(Math.abs)), `${arithmetic} ${name}`).toBeLessThan(ROUNDING)
      } else {
        expect(relativeError(received, gradient, 0.01), `${arithmetic} ${name}`).toBeLessThan(tolerance)
      }
    }
  }
}

/** Instructions that none of the programs has. */
function missing(bodies: readonly Body[]): string[] {
  const found = new Set(bodies.flatMap((body) => build(body).program.instructions.map(({ op }) => op)))
  return Object.keys(INSTRUCTIONS).filter((op) => !found.has(op as Instruction['op']))
}

const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1)
const MOBILE_SEEDS = SEEDS.map((seed) => seed + 100)

describe('the programs of these tests', () => {
  it('have every instruction but mix, which has tests of its own', () => {
    expect(missing(Object.values(BODIES))).toEqual(['mix'])
  })

  it('have every instruction at random places too, but for three that need a special place', () => {
    const random = [...SEEDS.map(randomBody), ...MOBILE_SEEDS.map(randomMobileBody)]
    expect(missing(random)).toEqual(['zeros', 'mix', 'tap'])
  })
})

describe('forward and backward of', () => {
  it.each(Object.entries(BODIES))('%s equal float64 loops and differences', (_, body) => check(body, 7))

  it.each(SEEDS)('random program %i equal float64 loops and differences', (seed) => check(randomBody(seed), seed))

  it.each(MOBILE_SEEDS)(
    'random program %i of mobile networks equal float64 loops and differences',
    // Norms of norms, and of values most of which are dropped, are ill-conditioned: ATen is off by up to 2e-3.
    (seed) => check(randomMobileBody(seed), seed, 5e-3),
  )
})

describe('in bfloat16', () => {
  it.each(Object.entries(BODIES))('%s is near float32', async (_, body) => {
    const { net: builder, program } = build(body)
    const { specs, buffers } = builder
    const drop = { seed: 1, pathScale: 0.5 }
    const compute = async (arithmetic: 'fast' | 'reference', precision: 'float32' | 'bfloat16') => {
      using small = await smallNet(program, specs, INPUT, { seed: 7, classes: CLASSES, buffers, arithmetic, precision })
      const { net, plan, dataset, indices } = small
      const logits = await net.logits(plan, dataset, indices)
      await net.accumulate(plan, { dataset, indices, drop })
      return { logits, gradients: byName(specs, await net.read('gradients')) }
    }
    const exact = await compute('reference', 'float32')
    for (const arithmetic of ['fast', 'reference'] as const) {
      const rounded = await compute(arithmetic, 'bfloat16')
      expect(relativeError(rounded.logits, exact.logits), arithmetic).toBeLessThan(0.1)
      for (const [name, error] of gradientErrors(rounded.gradients, exact.gradients)) {
        // Rounding may switch a ReLU, which moves four images by up to 0.26. A gradient in a wrong place moves by about 1.
        expect(error, `${arithmetic}: ${name}`).toBeLessThan(0.4)
      }
    }
  })
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
