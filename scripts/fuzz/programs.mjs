#!/usr/bin/env node
/**
 * Gives damaged programs to the addon, which must refuse them in a sentence or compute with them.
 *
 *     node scripts/fuzz/programs.mjs [--cases 100000] [--seed 0]
 *
 * Damages encoded programs of every search space, and the names beside them. What is accepted takes a training step and
 * is evaluated, unless its values are large. See checkpoints.mjs for what is printed. Most is found with the addon under
 * sanitizers (sanitizers.mjs). Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { createSpace, Dataset, ProgramBuilder, Supernet } from 'pada-native'
import { encodeProgram } from '#dist/programs/encode-program.js'
import { optionsOf } from '#dist/spaces/path.js'
import { SMALL_SPACES } from './compute.mjs'
import { randomSource } from './mutate.mjs'
import { damageInstruction, damageNames, damageWords, sizesOf } from './mutate-program.mjs'
import { fuzz } from './run.mjs'

/** Of the images. */
const INPUT = { channels: 2, height: 8, width: 8 }
const CLASSES = 3
const INDICES = Int32Array.of(0, 1, 2, 3)
/** Of all values of one image in a program that is computed. */
const MOST_VALUES = 200_000

/**
 * A supernet, and programs that it compiles.
 *
 * @typedef {{ net: Supernet, programs: import('#dist/programs/encode-program.js').EncodedProgram[] }} Source
 */

const images = Float32Array.from({ length: INDICES.length * 128 }, (_, i) => Math.sin(i))
const dataset = new Dataset({ images, labels: INDICES.map((i) => i % CLASSES), ...INPUT })

/** @type {Source[]} */
const sources = [await everyInstruction()]
for (const [i, settings] of SMALL_SPACES.entries()) {
  const space = createSpace(settings, INPUT, CLASSES)
  const random = randomSource(i)
  const programs = Array.from({ length: 8 }, () =>
    encodeProgram(space.program(space.choices.map((choice) => random.below(optionsOf(choice))))),
  )
  sources.push({ net: await supernet(space.parameters(), space.buffers?.()), programs })
}

await fuzz({
  damaged(random) {
    const { net, programs } = random.pick(sources)
    const { code, names, idle } = random.pick(programs)
    const words = [...code]
    const lists = { names: [...names], idle: [...idle] }
    const other = random.pick(random.pick(sources).programs)
    for (let times = 1 + random.below(3); times > 0; times--) damageInstruction(words, random)
    if (random.below(2) === 0) damageWords(words, other.code, random)
    if (random.below(8) === 0) damageNames(random.pick([lists.names, lists.idle]), other.names, random)
    const damaged = Int32Array.from(words)
    return { bytes: Buffer.from(damaged.buffer), net, code: damaged, ...lists }
  },
  async read({ net, code, names, idle }) {
    const plan = net.raw.compile(code, names, idle)
    try {
      const { values, coefficients } = sizesOf(code)
      if (values > MOST_VALUES || coefficients > MOST_VALUES) return
      const mixing = Float32Array.from({ length: coefficients }, (_, i) => i % 2)
      const batch = { indices: INDICES, drop: { seed: 1 }, ...(coefficients > 0 && { mixing }) }
      await net.raw.trainStep(plan, dataset.raw, batch, {
        learningRate: 0,
        optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
        clipNorm: 5,
        unsampled: 'skip',
      })
      const { count } = await net.raw.evaluate(plan, dataset.raw, { batchSize: 3 })
      if (count !== INDICES.length) throw new TypeError(`Expected ${INDICES.length} images but ${count} were evaluated`)
    } finally {
      plan.dispose()
    }
  },
  complaint: (outcome) => {
    if (!(outcome instanceof Error)) return undefined
    const isRefusal = 'code' in outcome && outcome.code === 'ERR_INVALID_ARGUMENT'
    if (!isRefusal || outcome.message.length > 1500) return `${outcome.stack}`
    return /^Expected .* but received .*/.test(outcome.message) ? undefined : `the message ${outcome.message}`
  },
})

/** A program that has every instruction. */
async function everyInstruction() {
  const builder = new ProgramBuilder()
  /** @type {import('pada-native').ParameterSpec[]} */
  const specs = []
  const weights = (/** @type {string} */ name, /** @type {number[]} */ ...shape) => {
    specs.push({ name, shape, init: { kind: 'zeros' } })
    return name
  }
  const input = builder.input(INPUT)
  const window = { kernel: 3, stride: 2, padding: 1 }
  const wide = { weight: weights('conv', 4, 2, 3, 3), bias: weights('bias', 4), channels: 4 }
  const x = builder.batchNorm(builder.conv2d(input, { ...wide, ...window }), {
    affine: { weight: weights('norm.weight', 4), bias: weights('norm.bias', 4) },
    running: { mean: 'norm.mean', variance: 'norm.variance' },
  })
  const depthwise = { weight: weights('depthwise', 4, 1, 3, 3), channels: 4, groups: 4, kernel: 3, dilation: 2 }
  const parts = [builder.relu(x), builder.relu6(x), builder.conv2d(builder.relu(x), depthwise), builder.zeros(x.shape)]
  const pools = [builder.avgPool2d(parts[0], window), builder.maxPool2d(parts[1], window)]
  const dropped = builder.dropPath(builder.dropout(builder.add(pools), { p: 0.2 }), { p: 0.2 })
  const mixed = builder.mix([builder.tap(dropped, { slot: 0 }), pools[0]], 0)
  const crop = builder.crop2d(builder.concat(parts), { top: 1, left: 1, height: 2, width: 2, channels: 4 })
  const pooled = builder.globalAvgPool(builder.concat([mixed, crop]))
  const head = (/** @type {string} */ name) => {
    const names = { weight: weights(`${name}.weight`, CLASSES, 8), bias: weights(`${name}.bias`, CLASSES) }
    return builder.linear(pooled, { ...names, features: CLASSES })
  }
  const idle = [weights('idle', 2)]
  const program = builder.finish(head('head'), [{ value: head('auxiliary'), weight: 0.4 }])
  const buffers = ['norm.mean', 'norm.variance'].map((name, init) => ({ name, shape: [4], init }))
  return { net: await supernet(specs, buffers), programs: [encodeProgram({ ...program, idle })] }
}

/**
 * A supernet with weights.
 *
 * @param {readonly import('pada-native').ParameterSpec[]} specs
 * @param {readonly import('pada-native').BufferSpec[]} [buffers]
 */
async function supernet(specs, buffers = []) {
  const net = new Supernet(specs, { buffers })
  const count = specs.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0)
  await net.write(
    'parameters',
    Float32Array.from({ length: count }, (_, i) => 0.3 * Math.cos(i)),
  )
  return net
}
