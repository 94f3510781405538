/**
 * The addon's side of the benchmarks: answers the requests that worker.mjs describes. It computes what `search` does:
 * images are gathered from bytes by index, cropped and flipped in the step.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  Dataset,
  imageAugmentations,
  nasBench201,
  nativeInfo,
  parseConfig,
  peakMemory,
  Supernet,
  setThreads,
} from 'pada-native'
import { IMAGE, MEAN, STD } from './inputs.mjs'

/** @typedef {import('./worker.mjs').Requests} Requests */
/** @typedef {import('./worker.mjs').Answers} Answers */

const AUGMENTATION = imageAugmentations(parseConfig({}).training.augmentation)
/** @type {import('pada-native').StepOptions} */
const STEP = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 2.5e-4 },
  clipNorm: 5,
  unsampled: 'skip',
}

/** @param {Requests['open']} request */
async function open({ folder, channels, cells, threads, device, precision, batch }) {
  await setThreads(threads)
  const space = nasBench201({ channels, cellsPerStage: cells, input: IMAGE })
  const bytes = (/** @type {string} */ name) => Uint8Array.from(readFileSync(join(folder, name)))
  const labels = new Int32Array(bytes('labels.i32').buffer)
  const dataset = new Dataset({ ...IMAGE, images: bytes('images.u8'), labels, mean: MEAN, std: STD }, device)
  const supernet = new Supernet(space.parameters(), { device, precision })
  await supernet.write('parameters', new Float32Array(bytes('weights.f32').buffer))
  return { space, dataset, supernet, device, batch, indices: Int32Array.from(labels, (_, i) => i), seed: 0 }
}

/** @typedef {Awaited<ReturnType<typeof open>>} Session */

/** @returns {Answers['open'] & { cpuCapability: string }} */
function describe(/** @type {Session} */ { device }) {
  const { torch, threads, cudaDevices, cpuCapability } = nativeInfo()
  return { torch, threads, device: device === 'cuda' ? cudaDevices[0] : null, cpuCapability }
}

/**
 * The loss and gradient norm of a step that changes nothing.
 *
 * @param {Session} session
 * @param {Requests['check']} request
 * @returns {Promise<Answers['check']>}
 */
async function check({ space, supernet, dataset, indices, batch }, { path }) {
  const plan = supernet.compile(space.program(path))
  const options = { ...STEP, learningRate: 0 }
  const { loss, globalNorm } = await supernet.trainStep(plan, { dataset, indices: indices.subarray(0, batch) }, options)
  plan.dispose()
  return { loss, globalNorm }
}

/**
 * Planning a path is part of its step: a new path is drawn at almost every one.
 *
 * @param {Session} session
 * @param {Requests['train'] & { do: 'train' | 'eval' }} request
 * @returns {Promise<Answers['train']>}
 */
async function measure(session, { do: mode, path, steps, batch: size = session.batch }) {
  const { space, supernet, dataset, indices } = session
  const start = performance.now()
  for (let step = 0; step < steps; step++) {
    const plan = supernet.compile(space.program(path))
    if (mode === 'train') {
      const augmentation = { seed: session.seed++, list: AUGMENTATION }
      await supernet.trainStep(plan, { dataset, indices: indices.subarray(0, size), augmentation }, STEP)
    } else {
      await supernet.evaluate(plan, dataset, { batchSize: size, count: size })
    }
    plan.dispose()
  }
  return { seconds: (performance.now() - start) / 1000 / steps }
}

/** @type {Session | undefined} */
let session

/** @param {any} request One of {@link Requests}, as it was read. */
async function answer(request) {
  if (request.do === 'open') {
    session = await open(request)
    return describe(session)
  }
  if (session === undefined) throw new Error(`Expected "open" for the first request but received "${request.do}"`)
  switch (request.do) {
    case 'check':
      return check(session, request)
    case 'train':
    case 'eval':
      return measure(session, request)
    case 'memory':
      return { gpuPeak: session.device === 'cuda' ? await peakMemory(session.device) : null }
    case 'resident':
      return { bytes: process.memoryUsage.rss() }
    default:
      throw new Error(`Expected a request that is known but received "${request.do}"`)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const written = await answer(JSON.parse(line)).catch((/** @type {Error} */ { message }) => {
    return { error: message.split('\n')[0] }
  })
  process.stdout.write(`${JSON.stringify(written)}\n`)
}
