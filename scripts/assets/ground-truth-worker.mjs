/**
 * Trains architectures on their own for make-ground-truth.mjs, which starts this process and sends it the settings and
 * then one task at a time; each is answered with its run. It computes on one thread: two processes of one thread each
 * finish more runs than one process of two.
 */
import '../report-errors.mjs'
import { on } from 'node:events'
import {
  createRandom,
  createSpace,
  Dataset,
  loadSplits,
  Standalone,
  Supernet,
  setThreads,
  stratify,
  train,
} from 'pada-native'

/** @typedef {import('./ground-truth-runs.mjs').Task} Task */
/** @typedef {import('./ground-truth-runs.mjs').Run} Run */

// Also if the other side was killed.
process.on('disconnect', () => process.exit())
/** @type {AsyncIterableIterator<any[]>} */
const messages = on(process, 'message')

/** @type {import('pada-native').Config} */
const config = (await messages.next()).value[0]
await setThreads(1)
const splits = await loadSplits(config.data)
const { channels, height, width } = splits.train
const space = createSpace(config.space, { channels, height, width }, splits.classes)
const { device, precision, training: settings, ranking } = config
const data = new Dataset(splits.train, device)
const test = new Dataset(stratify(splits.test), device)

for await (const [task] of messages) process.send?.(await trained(task))

/**
 * @param {Task} task
 * @returns {Promise<Run>}
 */
async function trained({ path, seed }) {
  const start = performance.now()
  const random = createRandom(seed)
  const { epochs, learningRate } = settings
  const method = new Standalone(path, { space, images: data.count, epochs, learningRate, random })
  const supernet = Supernet.of(space, { device, precision })
  const plan = supernet.compile(space.program(path))
  try {
    for await (const _ of train({ space, supernet, data, method, random, settings }));
    const options = { batchSize: ranking.batchSize, count: ranking.imageCount }
    const { correct, count } = await supernet.evaluate(plan, test, options)
    return { path, seed, correct, count, seconds: (performance.now() - start) / 1000 }
  } finally {
    plan.dispose()
    supernet.dispose()
  }
}
