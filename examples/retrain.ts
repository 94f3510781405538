/**
 * Trains one architecture of NAS-Bench-201 alone, narrow and for two epochs, and prints its test accuracy.
 *
 *     node examples/retrain.ts [FOLDER]
 */
import { ensureNative, parseRetrainConfig, retrain } from 'pada-native'

await ensureNative({ log: console.error })
const config = parseRetrainConfig({
  network: { space: 'nasbench201', path: [3, 3, 3, 1, 3, 3], channels: 8, cellsPerStage: 1 },
  data: { format: 'embedded', padTo: 32, downsample: 4, trainCount: 1000, testCount: 200 },
  training: { epochs: 2, batchSize: 50 },
})
for await (const event of retrain(config, { out: process.argv[2] })) {
  if (event.event === 'epoch') console.log(`epoch ${event.epoch}: test accuracy ${event.top1.toFixed(3)}`)
}
