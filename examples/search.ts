/**
 * The default search with fewer epochs and images, and SPOS instead of PA&DA. It writes to a new folder in `runs/`.
 *
 *     node examples/search.ts             (Node 22.18 and later; before that: npx tsx examples/search.ts)
 */
import { ensureNative, loadConfig, search } from 'pada-native'

await ensureNative({ log: console.error })
const config = await loadConfig({
  set: ['training.epochs=2', 'data.trainCount=1000', 'ranking.imageCount=200', 'method={name: spos}'],
})
for await (const event of search(config)) {
  if (event.event === 'epoch') console.log(event.epoch, event.loss, event.gradientVariance)
  if (event.event === 'result') console.log(event.kendallTau, event.top[0].arch)
}
