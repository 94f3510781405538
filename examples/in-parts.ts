/**
 * The parts of a search: trains a supernet, ranks some of its sub-models, and finds good ones within a limit. Writes no
 * files.
 *
 *     node examples/in-parts.ts           (Node 24 and later, because of `using`; before that: npx tsx …)
 */
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })
await pada.setThreads(1)

const {
  space: spaceConfig,
  data,
  method: methodConfig,
  training,
  ranking,
  seed,
} = pada.parseConfig({
  space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 1000, testCount: 200 },
  training: { epochs: 3, batchSize: 50, augmentation: [{ kind: 'pad-crop', padding: 2 }, { kind: 'flip' }] },
})

const splits = await pada.loadSplits(data)
const space = pada.createSpace(spaceConfig, splits.train, splits.classes)
const random = pada.createRandom(seed)
using supernet = pada.Supernet.of(space)
using images = new pada.Dataset(splits.train)
const method = pada.createMethod(methodConfig, { space, images: images.count, random, ...training })
for await (const event of pada.train({ space, supernet, data: images, method, random, settings: training })) {
  if (event.event === 'epoch') console.log(`epoch ${event.epoch}: loss ${event.loss.toFixed(3)}`)
}

// The order matters: this space normalises by the batch, so each batch should have all classes.
using test = new pada.Dataset(pada.stratify(splits.test))
const subModels = pada.randomPaths(space, 10, pada.RandomStream.named(seed, 'sub-models'))
for await (const { path, accuracy } of pada.rank({ space, supernet, data: test, settings: ranking, subModels })) {
  console.log(`ranked ${space.encode(path)}: ${accuracy.toFixed(3)}`)
}

// Any function from a path to a number can be maximised; here it is the accuracy with the supernet's weights.
const evaluate = async (path: pada.Path) => {
  const { correct, count } = await pada.evaluatePath({ space, supernet, data: test, batchSize: 200 }, path)
  return correct / count
}
const limits = { multiplyAdds: { max: 300_000 } }
let best = Number.NEGATIVE_INFINITY
for await (const { path, accuracy, costs } of pada.localSearch({ space, evaluate, limits, evaluations: 30 })) {
  if (accuracy <= best) continue
  best = accuracy
  console.log(`found ${space.encode(path)}: ${accuracy.toFixed(3)}, ${costs.multiplyAdds} multiply-adds`)
}
