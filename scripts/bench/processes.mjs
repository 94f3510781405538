#!/usr/bin/env node
/**
 * Compares a training step of one process with the same step of several: as many processes as threads, one thread each,
 * on the same batch. They take turns, and each number is the median of its rounds.
 *
 *     node scripts/bench/processes.mjs [--networks nasbench201,darts] [--processes 2] [--rounds 3] [--steps 5]
 *
 * Prints, for each network and precision, images per second of both, their ratio, the bytes that a process gives to
 * messages in a step, and the share of the step in which it waits for them.
 */
import '../report-errors.mjs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bench, ensureNative, joinProcesses, parseConfig, RandomStream, randomPaths, UserError } from 'pada-native'
import { median } from '#dist/base/statistics.js'
import { wholeOption } from '../support/whole-option.mjs'
import { describeMachine, warnIfBusy } from './machine.mjs'
import { NETWORKS } from './networks.mjs'

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'nasbench201,darts' },
    processes: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '5' },
    /** One measurement: network, precision, processes and threads of each. */
    one: { type: 'string' },
  },
})
const [several, count, steps] = [
  wholeOption(values, 'processes'),
  wholeOption(values, 'rounds'),
  wholeOption(values, 'steps'),
]

/** @typedef {{ imagesPerSecond: number, bytesPerStep: number, waiting: number }} Measured */

/**
 * @param {keyof typeof NETWORKS} name
 * @param {'float32' | 'bfloat16'} precision
 * @param {number} processes
 * @param {number} threads
 */
async function measure(name, precision, processes, threads) {
  const { image, classes, batch, size, space: spaceOf, alone, step } = NETWORKS[name]
  const space = spaceOf(size, image)
  const config = parseConfig({ threads, precision, training: { ...step, clipNorm: 5 } })
  const pixels = image.channels * image.height * image.width
  const random = RandomStream.named(0, 'images')
  const split = {
    images: Uint8Array.from({ length: batch * pixels }, () => random.integer(256)),
    labels: Int32Array.from({ length: batch }, () => random.integer(classes)),
    ...image,
    mean: new Array(image.channels).fill(0.5),
    std: new Array(image.channels).fill(0.25),
  }
  const splits = { name: 'noise', classes, train: split, test: split }
  const paths = alone ? [[]] : randomPaths(space, 6, RandomStream.named(0, 'bench'))
  const world = await joinProcesses({ processes })
  const options = {
    config,
    space,
    splits,
    generated: true,
    paths,
    batchSize: batch,
    mode: /** @type {const} */ ('train'),
  }
  for await (const event of bench({ ...options, steps, world })) {
    if (event.event !== 'bench' || world?.isFirst === false) continue
    const { imagesPerSecond, bytesPerStep, breakdown, stepSeconds } = event
    console.log(JSON.stringify({ imagesPerSecond, bytesPerStep, waiting: breakdown.communication / stepSeconds }))
  }
  await world?.[Symbol.asyncDispose]()
}

/**
 * @param {string} one
 * @returns {Measured}
 */
function measured(one) {
  const words = [fileURLToPath(import.meta.url), '--one', one, '--steps', values.steps]
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

if (values.one !== undefined) {
  const [name, precision, processes, threads] = values.one.split(',')
  await measure(
    /** @type {keyof typeof NETWORKS} */ (name),
    precision === 'bfloat16' ? 'bfloat16' : 'float32',
    Number(processes),
    Number(threads),
  )
  process.exit(0)
}

const names = values.networks.split(',')
for (const name of names) {
  if (Object.hasOwn(NETWORKS, name)) continue
  throw new UserError(`Expected ${Object.keys(NETWORKS).join(', ')} for --networks but received ${name}`, 2)
}
await ensureNative({ log: console.error })
warnIfBusy(describeMachine(), console.error)
for (const name of names) {
  for (const precision of ['float32', 'bfloat16']) {
    /** @type {{ one: Measured[], several: Measured[] }} */
    const rounds = { one: [], several: [] }
    for (let round = 0; round < count; round++) {
      rounds.one.push(measured(`${name},${precision},1,${several}`))
      rounds.several.push(measured(`${name},${precision},${several},1`))
    }
    const of = (/** @type {Measured[]} */ list) => median(list.map(({ imagesPerSecond }) => imagesPerSecond))
    const ratio = median(
      rounds.several.map(({ imagesPerSecond }, i) => imagesPerSecond / rounds.one[i].imagesPerSecond),
    )
    const [{ bytesPerStep }] = rounds.several
    const waiting = median(rounds.several.map(({ waiting }) => waiting))
    console.log(
      [
        `${name} ${precision}: 1 × ${several} threads ${of(rounds.one).toFixed(1)} images/s`,
        `${several} × 1 thread ${of(rounds.several).toFixed(1)}`,
        `ratio ${ratio.toFixed(3)}`,
        `${(bytesPerStep / 1e6).toFixed(2)} MB a step`,
        `waiting ${(100 * waiting).toFixed(1)} %`,
      ].join(', '),
    )
  }
}
