/**
 * Stops a search by an AbortSignal, continues it, and compares it with an unbroken search: both end with equal numbers.
 *
 *     node examples/continue-a-run.ts [FOLDER]
 */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })

const folder = process.argv[2] ?? join('runs', `continue-${Date.now()}`)
const stopped = join(folder, 'stopped')
const config = pada.parseConfig({
  // One thread adds up every sum in one order, so results are equal to the last bit.
  threads: 1,
  space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 400, testCount: 100 },
  training: { epochs: 4, batchSize: 40, augmentation: [{ kind: 'pad-crop', padding: 2 }, { kind: 'flip' }] },
  ranking: { subModels: 20 },
})

const controller = new AbortController()
try {
  for await (const event of pada.search(config, { out: stopped, signal: controller.signal })) {
    if (event.event === 'epoch' && event.epoch === 1) controller.abort()
  }
} catch (error) {
  // The search has saved itself and throws the signal's reason; anything else went wrong.
  if (error !== controller.signal.reason) throw error
  console.log('stopped after two epochs')
}

const continued = await lastOf(pada.search(config, { resume: stopped }))
const unbroken = await lastOf(pada.search(config, { out: join(folder, 'unbroken') }))
const equal =
  isDeepStrictEqual(continued.gradientVariance, unbroken.gradientVariance) &&
  isDeepStrictEqual(continued.top, unbroken.top)
console.log(equal ? 'continued and unbroken run are equal' : 'continued and unbroken run differ')

async function lastOf(events: AsyncIterable<pada.SearchEvent>): Promise<pada.SearchResult> {
  for await (const event of events) {
    if (event.event === 'start' && event.resumed) console.log(`continuing at epoch ${event.resumed.epoch}`)
    if (event.event === 'result') return event
  }
  throw new Error('Expected a result but the search ended without one')
}
