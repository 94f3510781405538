/**
 * The addon's side of the benchmarks: answers the requests that worker.mjs describes. It computes what `search` does:
 * images are gathered from bytes by index, cropped and flipped in the step.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Dataset, imageAugmentations, nativeInfo, peakMemory, Supernet, setThreads } from 'pada-native'
import { MEAN, STD } from './inputs.mjs'
import { NETWORKS } from './networks.mjs'

/** @typedef {import('./worker.mjs').Requests} Requests */
/** @typedef {import('./worker.mjs').Answers} Answers */

/** @param {Requests['open']} request */
async function open({ folder, network: name = 'nasbench201', size, image, threads, device, precision, batch }) {
  await setThreads(threads)
  const network = NETWORKS[name]
  const input = image ?? network.image
  const space = network.space(size, input)
  const bytes = (/** @type {string} */ name) => Uint8Array.from(readFileSync(join(folder, name)))
  const labels = new Int32Array(bytes('labels.i32').buffer)
  const dataset = new Dataset({ ...input, images: bytes('images.u8'), labels, mean: MEAN, std: STD }, device)
  const supernet = Supernet.of(space, { device, precision })
  await supernet.write('parameters', new Float32Array(bytes('weights.f32').buffer))
  const indices = Int32Array.from(labels, (_, i) => i)
  const augmentation = imageAugmentations(network.augmentation)
  // A search plans a path anew at almost every step; a network that is trained alone is planned once.
  const plan = network.alone ? supernet.compile(space.program([])) : undefined
  return { network, space, dataset, supernet, device, batch, indices, augmentation, plan, seed: 0 }
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
async function check({ network, space, supernet, dataset, indices, batch }, { path }) {
  const plan = supernet.compile(space.program(path))
  const options = { ...network.step, learningRate: 0 }
  const { loss, globalNorm } = await supernet.trainStep(plan, { dataset, indices: indices.subarray(0, batch) }, options)
  plan.dispose()
  return { loss, globalNorm }
}

/**
 * @param {Session} session
 * @param {Requests['train'] & { do: 'train' | 'eval' }} request
 * @returns {Promise<Answers['train']>}
 */
async function measure(session, { do: mode, path, steps, batch: size = session.batch }) {
  const { network, space, supernet, dataset, indices, augmentation: list } = session
  const start = performance.now()
  for (let step = 0; step < steps; step++) {
    const plan = session.plan ?? supernet.compile(space.program(path))
    if (mode === 'train') {
      const seed = session.seed++
      const drop = network.drop > 0 ? { drop: { seed, pathScale: 1 } } : {}
      const batch = { dataset, indices: indices.subarray(0, size), augmentation: { seed, list }, ...drop }
      await supernet.trainStep(plan, batch, network.step)
    } else {
      await supernet.evaluate(plan, dataset, { batchSize: size, count: size })
    }
    if (plan !== session.plan) plan.dispose()
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
