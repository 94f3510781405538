#!/usr/bin/env node
/**
 * What binds a training step on a GPU, launches or the GPU: prints one JSON object.
 *
 *     node scripts/check/cuda-work.mjs [--device cuda] [--network nasbench201] [--batch 256] [--precision bfloat16]
 *       [--steps 40] [--quick]
 *
 * Steps of a network of scripts/bench/networks.mjs on random images: the time of a step, how much of it the native thread waited for the
 * GPU, how many kernels it launched, how many of these are the addon's own, how long the GPU computed, and which kernels
 * took longest. Where it hardly waits, launches bind. PADA_CUDA_KERNELS measures without some of the addon's kernels. On
 * a CPU, operators of ATen count as launches. --quick makes the network small. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { parseArgs } from 'node:util'
import { cudaKernels, Dataset, gpuWork, imageAugmentations, Supernet, traceDevice, UserError } from 'pada-native'
import { drawPaths, MEAN, STD } from '../bench/inputs.mjs'
import { NETWORKS } from '../bench/networks.mjs'

const WARMUP = 12
/** Steps that are traced, and the kernels that are listed. */
const TRACED = 8
const LISTED = 15

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    network: { type: 'string', default: 'nasbench201' },
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
const { classes, step, augmentation } = network
const { size, image } = values.quick ? network.quick : network
const [batch, steps] = [Number(values.batch ?? network.batch), Number(values.steps)]
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
const images = Uint8Array.from({ length: batch * pixels }, () => 256 * random())
const labels = Int32Array.from({ length: batch }, () => classes * random())
const dataset = new Dataset({ ...image, images, labels, mean: MEAN, std: STD }, device)
const indices = Int32Array.from(labels, (_, i) => i)
const list = imageAugmentations(augmentation)
const paths = network.alone ? [[]] : drawPaths()

/** @param {number} count */
async function train(count) {
  // As in training, a step is queued while the one before computes.
  /** @type {Promise<unknown> | undefined} */
  let before
  for (let i = 0; i < count; i++) {
    const plan = supernet.compile(space.program(paths[i % paths.length]))
    const drop = network.drop > 0 && { drop: { seed: i, pathScale: 1 } }
    const record = supernet.trainStep(plan, { dataset, indices, augmentation: { seed: i, list }, ...drop }, step)
    plan.dispose()
    await before
    before = record
  }
  await before
}

await train(WARMUP)
const before = gpuWork()
const start = performance.now()
await train(steps)
const milliseconds = (performance.now() - start) / steps
const after = gpuWork()
/** @type {string | undefined} */
let untraced
const traced = await traceDevice(device, () => train(TRACED)).catch(({ message }) => {
  untraced = message
  return []
})
const used = kernels.filter(({ why }) => why === undefined).map(({ group }) => group)
console.log(
  JSON.stringify({
    device,
    network: values.network,
    precision,
    batch,
    kernels: used,
    unused: kernels.filter(({ why }) => why !== undefined),
    milliseconds,
    waitedMilliseconds: (1000 * (after.waited - before.waited)) / steps,
    untraced,
    ownLaunches: (after.launches - before.launches) / steps,
    launches: traced.reduce((sum, { count }) => sum + count, 0) / TRACED,
    deviceMilliseconds: (1000 * traced.reduce((sum, { seconds }) => sum + seconds, 0)) / TRACED,
    longest: traced.slice(0, LISTED).map(({ name, count, seconds }) => ({
      name,
      count: count / TRACED,
      milliseconds: (1000 * seconds) / TRACED,
    })),
    imagesPerSecond: (1000 * batch) / milliseconds,
  }),
)
