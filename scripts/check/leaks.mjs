#!/usr/bin/env node
/**
 * Measures whether memory stays flat over many training steps, and over many supernets that are made and disposed.
 *
 *     npm run check:leaks -- [--steps 10000] [--cycles 1000] [--most 8]
 *
 * Prints the process's memory after each tenth, and how much the second half grew by a straight line through it; exits 1
 * if that is more than `--most` MB. The first half is for caches to fill. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSpace, Dataset, parseConfig, Supernet, setThreads } from 'pada-native'
import { mean } from '../support/statistics.mjs'
import { wholeOption } from '../support/whole-option.mjs'

setFlagsFromString('--expose-gc')
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'))

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    cycles: { type: 'string', default: '1000' },
    most: { type: 'string', default: '8' },
  },
})
const POINTS = 40
const steps = wholeOption(values, 'steps', POINTS)
const cycles = wholeOption(values, 'cycles', POINTS)
const most = wholeOption(values, 'most', 0)

const INPUT = { channels: 3, height: 8, width: 8 }
const PATHS = 20
const space = createSpace(
  parseConfig({ space: { name: 'nasbench201', channels: 8, cellsPerStage: 1 } }).space,
  INPUT,
  4,
)
const specs = space.parameters()
const programs = Array.from({ length: PATHS }, (_, i) => space.program([i % 5, 3, (i * 3) % 5, 2, i % 4, 3]))
const weights = new Float32Array(specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).fill(0.01)
const indices = Int32Array.from({ length: 16 }, (_, i) => i)
const labels = indices.map((i) => i % 4)
const images = Float32Array.from({ length: indices.length * 3 * 8 * 8 }, (_, i) => Math.sin(i))
/** @type {import('pada-native').StepOptions} */
const options = {
  learningRate: 0.001,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  clipNorm: 5,
  unsampled: 'skip',
}

await setThreads(1)
const one = await made()
await measure('steps', steps, async (i) => {
  const plan = one.plans[i % PATHS]
  await one.net.trainStep(plan, { dataset: one.dataset, indices }, options)
  if (i % 100 === 0) await one.net.evaluate(plan, one.dataset, { batchSize: 8 })
})
disposed(one)
await measure('supernets', cycles, async (i) => {
  const { net, dataset, plans } = await made()
  const held = net.hold({ dataset, indices })
  await net.trainStep(plans[i % PATHS], held, options)
  await net.moments()
  held.dispose()
  disposed({ net, dataset, plans })
})

/** A supernet with weights, images, and plans of paths. */
async function made() {
  const net = new Supernet(specs)
  await net.write('parameters', weights)
  const dataset = new Dataset({ images, labels, ...INPUT })
  return { net, dataset, plans: programs.map((program) => net.compile(program)) }
}

/** @param {Awaited<ReturnType<typeof made>>} made */
function disposed({ net, dataset, plans }) {
  for (const handle of [...plans, dataset, net]) handle.dispose()
}

/**
 * Does something many times and prints how memory grew.
 *
 * @param {string} name
 * @param {number} times
 * @param {(i: number) => Promise<void>} work
 */
async function measure(name, times, work) {
  /** @type {number[]} */
  const megabytes = []
  for (let i = 0; i < times; i++) {
    await work(i)
    if ((i + 1) % Math.floor(times / POINTS) !== 0) continue
    collectGarbage()
    megabytes.push(process.memoryUsage.rss() / 2 ** 20)
  }
  const half = megabytes.slice(megabytes.length >> 1)
  const growth = slope(half) * (half.length - 1)
  const shown = megabytes.filter((_, i) => (i + 1) % (POINTS / 10) === 0).map((value) => value.toFixed(1))
  console.log(`${times} ${name}: ${shown.join(' ')} MB`)
  const flat = growth <= most
  console.log(`${flat ? 'passed' : 'FAILED'}  the second half grew by ${growth.toFixed(2)} MB, at most ${most}`)
  if (!flat) process.exitCode = 1
}

/**
 * By least squares, of values at 0, 1, 2, …
 *
 * @param {readonly number[]} values
 */
function slope(values) {
  const middle = (values.length - 1) / 2
  const height = mean(values)
  const covariance = values.reduce((sum, value, i) => sum + (i - middle) * (value - height), 0)
  return covariance / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
}
