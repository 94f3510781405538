/** The order and batches of evaluation, on which accuracies depend if batch norms normalise by the batch. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Splits } from '../../src/data/splits.js'
import { stratify } from '../../src/data/stratified.js'
import { evaluatePath } from '../../src/evaluation/evaluate.js'
import { Dataset, type ImageData, Supernet } from '../../src/native/index.js'
import type { StartEvent } from '../../src/search/events.js'
import { evaluateLogits } from '../../src/search/inference.js'
import { search } from '../../src/search/search.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { temporaryFolder } from '../support/folders.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { collect, tinyConfig } from '../support/tiny.js'

const CLASSES = 5

/** Images of 8×8 whose brightness shows their class, in order of the classes or with classes in turn. */
function images(count: number, seed: number): ImageData {
  const random = randomNumbers(seed)
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES)
  const pixels = Uint8Array.from(
    { length: count * 64 },
    (_, i) => 40 * (Math.floor(i / 64) % CLASSES) + 15 * (1 + random()),
  )
  return { images: pixels, labels, channels: 1, height: 8, width: 8, mean: [0.5], std: [0.25] }
}

/** The same images in another order. */
function reordered(split: ImageData, order: readonly number[]): ImageData {
  return {
    ...split,
    images: Uint8Array.from(order.flatMap((i) => [...split.images.subarray(64 * i, 64 * (i + 1))])),
    labels: Int32Array.from(order, (i) => split.labels[i]),
  }
}

const mixed = images(200, 2)
const byClass = [...mixed.labels.keys()].toSorted((a, b) => mixed.labels[a] - mixed.labels[b] || a - b)
const sorted = reordered(mixed, byClass)
const train = images(300, 1)
const splits = (test: ImageData): Splits => ({ train, test, classes: CLASSES, name: 'made' })
/** Both searches train the same supernet. */
const config = tinyConfig({ threads: 1, training: { epochs: 2, batchSize: 30 }, ranking: { batchSize: 40 } })

async function ranked(test: ImageData, changes: Partial<Splits> = {}, settings = config) {
  const out = join(temporaryFolder(), 'run')
  const events = await collect(search(settings, { data: { ...splits(test), ...changes }, out }))
  return { start: events[0] as StartEvent, table: readFileSync(join(out, 'ranking.csv'), 'utf8') }
}

describe('a ranking by batch statistics', () => {
  it('is the same to the last digit for sorted and mixed test images, and says its order', async () => {
    const { start, table } = await ranked(mixed)
    expect((await ranked(sorted)).table).toBe(table)
    expect(start.evaluation).toEqual({ images: 200, of: 200, batches: 5, order: 'stratified', batchStatistics: true })
    expect(start.warnings).toEqual([])
  })

  it('takes the same images if it takes a part of them', async () => {
    const settings = { ...config, ranking: { ...config.ranking, imageCount: 50 } }
    const { start, table } = await ranked(mixed, {}, settings)
    expect((await ranked(sorted, {}, settings)).table).toBe(table)
    expect(start.evaluation).toMatchObject({ images: 50, of: 200, batches: 2 })
  })

  it('differs much if the order of the file is kept', async () => {
    const space = nasBench201({ channels: 2, cellsPerStage: 1, input: train, classes: CLASSES })
    using supernet = Supernet.of(space)
    const specs = space.parameters()
    const count = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
    await supernet.write('parameters', randomFloats(randomNumbers(3), count, 0.5))
    const loss = async (test: ImageData) => {
      using data = new Dataset(test)
      return (await evaluatePath({ space, supernet, data, batchSize: 40 }, [3, 3, 3, 3, 3, 3])).loss
    }
    const kept = [await loss(mixed), await loss(sorted)]
    expect(Math.abs(kept[0] - kept[1])).toBeGreaterThan(0.1)
    expect(await loss(stratify(mixed))).toBe(await loss(stratify(sorted)))
  })

  it('warns before the first step of batches without all classes and of odd splits', async () => {
    const few = { ...config, ranking: { ...config.ranking, batchSize: 4 } }
    const { start } = await ranked(reordered(mixed, byClass.slice(0, 40)), {}, few)
    expect(start.warnings).toEqual([
      'all 40 test images are of class 0',
      'the ranking normalises by batches of 4 images, which cannot have all 5 classes',
    ])
  })
})

describe('batches of an evaluation', () => {
  it.each([
    [200, [200]],
    [199, [100, 100]],
    [70, [67, 67, 66]],
  ])('of at most %i of 200 images are %j', async (batchSize, sizes) => {
    const space = nasBench201({ channels: 2, cellsPerStage: 1, input: train, classes: CLASSES })
    using supernet = Supernet.of(space)
    using data = new Dataset(mixed)
    using plan = supernet.compile(space.program([3, 3, 3, 3, 3, 3]))
    const { correct, loss } = await supernet.evaluate(plan, data, { batchSize })
    let first = 0
    const expected = { correct: 0, loss: 0 }
    for (const size of sizes) {
      const indices = Int32Array.from({ length: size }, (_, i) => first + i)
      const logits = await supernet.logits(plan, data, indices)
      const found = evaluateLogits(logits, mixed.labels.subarray(first, first + size))
      expected.correct += Math.round(found.accuracy * size)
      expected.loss += (found.loss * size) / 200
      first += size
    }
    expect(correct).toBe(expected.correct)
    expect(loss).toBeCloseTo(expected.loss, 5)
  })
})
