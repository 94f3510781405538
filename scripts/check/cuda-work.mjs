#!/usr/bin/env node
/**
 * What binds a training step on a GPU, launches or the GPU: prints one JSON object.
 *
 *     node scripts/check/cuda-work.mjs [--device cuda] [--network nasbench201] [--mode train] [--batch 256]
 *       [--precision bfloat16] [--steps 40] [--quick]
 *
 * Steps of a network of scripts/bench/networks.mjs on random images, the paths of a supernet in turn, each as often as any
 * other (--steps is rounded up to that): the time of a step, how much of it the native thread
 * waited for the GPU, how many kernels it launched, how many of these are the addon's own, how long the GPU computed, and
 * which kernels took longest. Where it hardly waits, launches bind. PADA_CUDA_KERNELS measures without some of the
 * addon's kernels. On a CPU, operators of ATen count as launches.
 *
 * --mode rank evaluates instead, 16 batches in each step. With PADA_CUDA_GRAPHS=1 most of them replay a graph; cuda.mjs
 * compares the losses with those without. --quick makes the network small. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { parseArgs } from 'node:util'
import { cudaKernels, Dataset, gpuWork, imageAugmentations, Supernet, traceDevice, UserError } from 'pada-native'
import { drawPaths, MEAN, STD } from '../bench/inputs.mjs'
import { NETWORKS } from '../bench/networks.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const WARMUP = 12
/** Kernels that are listed. */
const LISTED = 15
/** Batches of an evaluation. */
const RANKED = 16

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    network: { type: 'string', default: 'nasbench201' },
    mode: { type: 'string', default: 'train' },
    batch: { type: 'string' },
    precision: { type: 'string', default: 'bfloat16' },
    steps: { type: 'string', default: '40' },
    quick: { type: 'boolean', default: false },
  },
})
const device = /** @type {import('pada-native').Device} */ (values.device)
const precision = /** @type {import('pada-native').Precision} */ (values.precision)
const network = NETWORKS[/** @type {import('../bench/networks.mjs').NetworkName} */ (values.network)]
if (network === undefined) {
  const names = Object.keys(NETWORKS).join(', ')
  throw new UserError(`Expected ${names} for --network but received ${values.network}`, 2)
}
const ranks = values.mode === 'rank'
if (!ranks && values.mode !== 'train') {
  throw new UserError(`Expected train or rank for --mode but received ${values.mode}`, 2)
}
const { classes, step, augmentation } = network
const { size, image } = values.quick ? network.quick : network
const paths = network.alone ? [[]] : drawPaths()
const batch = wholeOption({ batch: values.batch ?? `${network.batch}` }, 'batch')
// As many times as there are paths, or a multiple: what is timed and what is traced is the same work.
const steps = Math.ceil(wholeOption(values, 'steps') / paths.length) * paths.length
const traced = paths.length === 1 ? Math.min(steps, 8) : paths.length
const count = ranks ? RANKED * batch : batch
const space = network.space(size, image)
const kernels = await cudaKernels(device)
const supernet = Supernet.of(space, { device, precision })
let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
await supernet.write(
  'parameters',
  Float32Array.from(await supernet.read('parameters'), () => 0.2 * random() - 0.1),
)
const pixels = image.channels * image.height * image.width
const images = Uint8Array.from({ length: count * pixels }, () => 256 * random())
const labels = Int32Array.from({ length: count }, () => classes * random())
const dataset = new Dataset({ ...image, images, labels, mean: MEAN, std: STD }, device)
const indices = Int32Array.from(labels, (_, i) => i)
const list = imageAugmentations(augmentation)
/** @type {number[]} */
let losses = []

/** @param {number} times */
async function rank(times) {
  losses = []
  for (let i = 0; i < times; i++) {
    const plan = supernet.compile(space.program(paths[i % paths.length]))
    losses.push((await supernet.evaluate(plan, dataset, { batchSize: batch })).loss)
    plan.dispose()
  }
}

/** @param {number} times */
async function train(times) {
  // As in training, a step is queued while the one before computes.
  /** @type {Promise<unknown> | undefined} */
  let before
  for (let i = 0; i < times; i++) {
    const plan = supernet.compile(space.program(paths[i % paths.length]))
    const drop = network.drop > 0 && { drop: { seed: i, pathScale: 1 } }
    const record = supernet.trainStep(plan, { dataset, indices, augmentation: { seed: i, list }, ...drop }, step)
    plan.dispose()
    await before
    before = record
  }
  await before
}

const work = ranks ? rank : train
await work(Math.max(paths.length, WARMUP))
const before = gpuWork()
const start = performance.now()
await work(steps)
const milliseconds = (performance.now() - start) / steps
const after = gpuWork()
/** @type {string | undefined} */
let untraced
const kernelsOfTrace = await traceDevice(device, () => work(traced)).catch(({ message }) => {
  untraced = message
  return []
})
if (ranks && device !== 'cpu' && process.env.PADA_CUDA_GRAPHS === '1' && after.replays === 0) {
  throw new UserError(`Expected replayed graphs but received none: ${after.whyNoReplays ?? 'nobody knows why'}`)
}
const used = kernels.filter(({ why }) => why === undefined).map(({ group }) => group)
console.log(
  JSON.stringify({
    device,
    network: values.network,
    mode: values.mode,
    precision,
    batch,
    kernels: used,
    unused: kernels.filter(({ why }) => why !== undefined),
    milliseconds,
    waitedMilliseconds: (1000 * (after.waited - before.waited)) / steps,
    untraced,
    ownLaunches: (after.launches - before.launches) / steps,
    launches: kernelsOfTrace.reduce((sum, { count }) => sum + count, 0) / traced,
    deviceMilliseconds: (1000 * kernelsOfTrace.reduce((sum, { seconds }) => sum + seconds, 0)) / traced,
    longest: kernelsOfTrace.slice(0, LISTED).map(({ name, count, seconds }) => ({
      name,
      count: count / traced,
      milliseconds: (1000 * seconds) / traced,
    })),
    imagesPerSecond: (1000 * count) / milliseconds,
    ...(ranks && { losses, replays: (after.replays - before.replays) / steps, whyNoReplays: after.whyNoReplays }),
  }),
)
