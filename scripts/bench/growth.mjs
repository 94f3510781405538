/**
 * How the cost of a training step grows: with the batch, the channels and the threads; and that it does not grow with
 * the number of steps taken. The addon alone; scripts/bench/pytorch.mjs compares it.
 */
import { RandomStream, UserError } from 'pada-native'
import { median } from '#dist/base/statistics.js'
import { mean } from '../support/statistics.mjs'
import { BLOCK, PRECISIONS, publish } from './growth-page.mjs'
import { drawPaths, withInputs } from './inputs.mjs'
import { describeMachine, plural, warnIfBusy } from './machine.mjs'
import { count, counts, readOptions, sharedOptions } from './options.mjs'
import { startAddon } from './worker.mjs'

const options = {
  batch: counts('Images per step', [32, 64, 128, 256, 512]),
  channels: counts('Channels of the first stage', [8, 16, 32]),
  threads: counts('Threads', [1, 2]),
  repetitions: count('Rounds', 3),
  paths: count('How many paths a round takes', 4),
  steps: count('Length of the long run', 1000),
  'steps-batch': count('Images per step of the long run', 64),
  ...sharedOptions,
}
/** Defaults with --quick. */
const QUICK = {
  batch: [8, 16, 32],
  channels: [4, 8],
  repetitions: 1,
  paths: 2,
  cells: 1,
  steps: 300,
  'steps-batch': 8,
}

/** @typedef {import('./options.mjs').Settings<typeof options>} Settings */
/** @typedef {import('./growth-page.mjs').Cell} Cell */
/** @typedef {import('./growth-page.mjs').LongRun} LongRun */

/**
 * What one process of the addon measures.
 *
 * @typedef {{
 *   channels: number
 *   precision: import('pada-native').Precision
 *   threads: number
 *   folder: string
 * }} Condition
 */

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/** @param {string[]} args */
export async function main(args) {
  const description = 'Measures how the cost of a training step grows.'
  const settings = await readOptions(args, 'npm run bench:growth --', description, options, QUICK)
  if (settings.steps % BLOCK !== 0) {
    throw new UserError(`Expected a multiple of ${BLOCK} for --steps but received ${settings.steps}`, 2)
  }
  const machine = describeMachine()
  warnIfBusy(machine, say)
  const { cells, batch, stepsBatch } = settings
  const images = Math.max(...batch, stepsBatch)
  /** @type {Cell[]} */
  const grid = []
  for (const channels of settings.channels) {
    await withInputs({ size: { channels, cells }, images }, async (folder) => {
      for (const precision of PRECISIONS) {
        for (const threads of settings.threads) {
          grid.push(...(await growth(settings, { channels, precision, threads, folder })))
        }
      }
    })
  }
  /** @type {LongRun[]} */
  const runs = []
  const [channels, threads] = [settings.channels[settings.channels.length >> 1], Math.max(...settings.threads)]
  await withInputs({ size: { channels, cells }, images }, async (folder) => {
    for (const precision of PRECISIONS) runs.push(await longRun(settings, { channels, precision, threads, folder }))
  })
  await publish({ machine, settings: pick(settings), grid, runs }, settings.out)
}

/**
 * The settings that are published beside the numbers.
 *
 * @param {Settings} settings
 */
function pick({ batch, channels, threads, repetitions, cells, device, steps, stepsBatch, paths }) {
  const used = drawPaths(paths).map((path) => path.join())
  return { batch, channels, threads, repetitions, cells, device, steps, stepsBatch, paths: used }
}

/**
 * Runs `work` with a process of the addon that has opened the supernet.
 *
 * @template Result
 * @param {Settings} settings
 * @param {Condition} condition
 * @param {(worker: import('./worker.mjs').Worker) => Promise<Result>} work
 */
async function withAddon({ cells, device, batch }, condition, work) {
  const worker = startAddon()
  try {
    const { channels, ...others } = condition
    await worker.ask({ do: 'open', ...others, size: { channels, cells }, device, batch: Math.max(...batch) })
    return await work(worker)
  } finally {
    await worker.stop()
  }
}

/**
 * Images per second for every batch: the median over rounds, each of which takes every path once.
 *
 * @param {Settings} settings
 * @param {Condition} condition
 */
function growth(settings, condition) {
  const { batch, repetitions } = settings
  const { channels, precision, threads } = condition
  const paths = drawPaths(settings.paths)
  say(`C=${channels}, ${precision}, ${plural(threads, 'thread')}`)
  return withAddon(settings, condition, async (worker) => {
    const rounds = batch.map(() => /** @type {number[]} */ ([]))
    for (let round = -1; round < repetitions; round++) {
      for (const [i, size] of batch.entries()) {
        const seconds = []
        for (const path of paths) seconds.push((await worker.ask({ do: 'train', path, steps: 1, batch: size })).seconds)
        if (round >= 0) rounds[i].push(size / mean(seconds))
      }
    }
    return batch.map((size, i) => ({
      channels,
      precision,
      threads,
      batch: size,
      ratesByRound: rounds[i],
      rate: median(rounds[i]),
    }))
  })
}

/**
 * Many steps in a row: per block of them steps per second, and the memory that is resident after it.
 *
 * @param {Settings} settings
 * @param {Condition} condition
 */
function longRun(settings, condition) {
  const { steps, stepsBatch } = settings
  const { channels, precision, threads } = condition
  const paths = drawPaths(BLOCK)
  const stream = RandomStream.named(0, 'order of benchmark paths')
  say(`${steps} steps, C=${channels}, ${precision}, ${plural(threads, 'thread')}`)
  return withAddon(settings, condition, async (worker) => {
    // Memory is not at its height before every path has been taken.
    for (const path of paths) await worker.ask({ do: 'train', path, steps: 1, batch: stepsBatch })
    const blocks = []
    for (let step = BLOCK; step <= steps; step += BLOCK) {
      const seconds = []
      for (const path of shuffled(paths, stream)) {
        seconds.push((await worker.ask({ do: 'train', path, steps: 1, batch: stepsBatch })).seconds)
      }
      const { bytes } = await worker.ask({ do: 'resident' })
      blocks.push({ step, stepsPerSecond: 1 / mean(seconds), residentBytes: bytes })
    }
    return { channels, precision, threads, batch: stepsBatch, blocks }
  })
}

/**
 * @template Value
 * @param {Value[]} values
 * @param {RandomStream} stream
 */
function shuffled(values, stream) {
  const rest = [...values]
  return values.map(() => rest.splice(stream.integer(rest.length), 1)[0])
}
