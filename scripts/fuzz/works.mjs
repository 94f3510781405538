/**
 * A worker thread that works until it is terminated, for workers.mjs: it searches, trains a supernet part by part, or
 * sums over the processes of a training, of which it is the only one.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import {
  createMethod,
  createRandom,
  createSpace,
  Dataset,
  loadConfig,
  loadSplits,
  Supernet,
  search,
  train,
} from 'pada-native'
import { Communicator } from '#dist/native/communicator.js'

const file = fileURLToPath(new URL('../../test/cli/tiny.yaml', import.meta.url))

/**
 * Searches once. Resolves to the result, without what differs between equal searches.
 *
 * @param {string} out
 */
export async function searched(out) {
  const config = await loadConfig({ file, set: ['training.checkpointSeconds=0', 'ranking.subModels=10'] })
  for await (const event of search(config, { out })) {
    parentPort?.postMessage(event.event)
    if (event.event !== 'result') continue
    const { run: _run, seconds: _seconds, ...result } = event
    return result
  }
  throw new Error('Expected a result but received none')
}

/** Trains without end. */
async function trains() {
  const config = await loadConfig({ file, set: ['training.epochs=1000000'] })
  const splits = await loadSplits(config.data)
  const space = createSpace(config.space, splits.train, splits.classes)
  const random = createRandom(config.seed)
  const supernet = Supernet.of(space)
  const data = new Dataset(splits.train)
  const method = createMethod(config.method, { space, images: data.count, random, ...config.training })
  for await (const { event } of train({ space, supernet, data, method, random, settings: config.training })) {
    parentPort?.postMessage(event)
  }
}

/**
 * Sums without end, and trains with the sums of gradients.
 *
 * @param {string} out
 */
async function sums(out) {
  const { space: settings, data, training } = await loadConfig({ file })
  const splits = await loadSplits(data)
  const space = createSpace(settings, splits.train, splits.classes)
  const communicator = new Communicator({ file: join(out, 'store') }, { rank: 0, size: 1 })
  const supernet = Supernet.of(space)
  const dataset = new Dataset(splits.train)
  const plan = supernet.compile(space.program(space.choices.map(() => 3)))
  await communicator.connect()
  await supernet.distribute(communicator)
  const indices = Int32Array.from({ length: training.batchSize }, (_, i) => i)
  const options = { learningRate: 0.01, optimizer: training.optimizer, clipNorm: 5, unsampled: training.unsampled }
  for (let step = 0; ; step++) {
    const pending = [
      supernet.trainStep(plan, { dataset, indices }, options),
      communicator.sum(Float64Array.of(step, 1)),
    ]
    communicator.set('step', `${step}`)
    communicator.check()
    if (communicator.get('step') !== `${step}`) throw new Error('Expected the value that was set')
    await Promise.all(pending)
    parentPort?.postMessage(step)
  }
}

if (!isMainThread) {
  /** @type {{ work: 'search' | 'train' | 'sum', out: string }} */
  const { work, out } = workerData
  if (work === 'search') await searched(out)
  else await (work === 'train' ? trains() : sums(out))
}
