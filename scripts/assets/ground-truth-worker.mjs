/**
 * Trains architectures on their own for make-ground-truth.mjs, which starts this process and sends it the settings and
 * then one task {path, seed} at a time; the answer to each is {path, seed, correct, count, seconds}. One thread: two
 * processes of one thread each finish more runs than one process of two.
 */
import {
  createMethod,
  createRandom,
  createSpace,
  Dataset,
  loadSplits,
  Supernet,
  setThreads,
  train,
} from '../../dist/index.js'

// Also when the other side was killed.
process.on('disconnect', () => process.exit())

const tasks = []
let wake = () => {}
process.on('message', (message) => {
  tasks.push(message)
  wake()
})
async function received() {
  while (tasks.length === 0) {
    await new Promise((resolve) => {
      wake = resolve
    })
  }
  return tasks.shift()
}

const config = await received()
await setThreads(1)
const splits = await loadSplits(config.data)
const { channels, height, width } = splits.train
const space = createSpace(config.space, { channels, height, width }, splits.classes)
const data = new Dataset(splits.train)
const test = new Dataset(splits.test)
const { training: settings, ranking } = config

for (;;) process.send(await trained(await received()))

async function trained({ path, seed }) {
  const start = performance.now()
  const random = createRandom(seed)
  const { epochs } = settings
  const method = createMethod({ name: 'standalone', path }, { space, images: data.count, epochs, random })
  const supernet = new Supernet(space.parameters(), { buffers: space.buffers?.() })
  try {
    for await (const _ of train({ space, supernet, data, method, random, settings, save: async () => {} }));
    const options = { batchSize: ranking.batchSize, count: ranking.imageCount }
    const { correct, count } = await supernet.evaluate(supernet.compile(space.program(path)), test, options)
    return { path, seed, correct, count, seconds: (performance.now() - start) / 1000 }
  } finally {
    supernet.dispose()
  }
}
