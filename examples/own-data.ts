/**
 * Searches on your own images: typed arrays with labels. Here they show noisy stripes in four directions.
 *
 *     node examples/own-data.ts [RUN-FOLDER]
 */
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })

const SIZE = 12
const DIRECTIONS = ['horizontal', 'vertical', 'falling', 'rising'] as const
const random = pada.RandomStream.named(0, 'stripes')

/** Draws images into one array of floats: count × channels × height × width. */
function stripes(count: number): pada.ImageData {
  const images = new Float32Array(count * SIZE * SIZE)
  const labels = new Int32Array(count)
  for (let image = 0; image < count; image++) {
    const label = random.integer(DIRECTIONS.length)
    const phase = 2 * Math.PI * random.uniform()
    labels[image] = label
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const along = [y, x, x - y, x + y][label]
        const noise = 4 * (random.uniform() - 0.5)
        images[(image * SIZE + y) * SIZE + x] = Math.sin(along + phase) + noise
      }
    }
  }
  // Floats are used as they are. Bytes would need a `mean` and `std` per channel.
  return { images, labels, channels: 1, height: SIZE, width: SIZE }
}

const data: pada.Splits = {
  name: 'stripes',
  classes: DIRECTIONS.length,
  train: stripes(800),
  test: stripes(200),
}

const config = pada.parseConfig({
  threads: 1,
  space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  training: { epochs: 3, batchSize: 40, augmentation: [] },
  ranking: { subModels: 50, top: 3 },
})

for await (const event of pada.search(config, { data, out: process.argv[2] })) {
  if (event.event === 'epoch') console.log(`epoch ${event.epoch}: accuracy ${event.accuracy.toFixed(3)}`)
  if (event.event === 'result')
    for (const { arch, accuracy } of event.top) console.log(`${(100 * accuracy).toFixed(1)} %  ${arch}`)
}
