/** Numbers that are no longer finite: in weights after the last step, and in logits alone. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluatePath } from '../../src/evaluation/evaluate.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import { infer } from '../../src/search/inference.js'
import { search } from '../../src/search/search.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { temporaryFolder } from '../support/folders.js'
import { byName } from '../support/state.js'
import { collect, tinyConfig, tinyImages, tinySplits } from '../support/tiny.js'

describe('a search that diverges in its last step', () => {
  // One step: its loss is finite, and its update is not.
  it.each([
    [
      'weights that are not finite',
      1e300,
      /^Expected finite weights for \S+ but received (NaN|-?Infinity) after epoch 1: try a lower training.learningRate$/,
    ],
    ['finite weights', 3e38, /^Expected a finite loss for path 4,0,0,2,3,0 but received NaN: try a lower/],
  ])('with %s ends with an error and ranks nothing', async (_, learningRate, sentence) => {
    const config = tinyConfig({ training: { epochs: 1, batchSize: 50, learningRate } })
    const out = join(temporaryFolder(), 'run')
    await expect(collect(search(config, { data: tinySplits, out }))).rejects.toThrow(sentence)
    expect(existsSync(join(out, 'ranking.csv'))).toBe(false)
  })
})

describe('finite weights whose logits overflow', () => {
  const input = { channels: 1, height: 8, width: 8 }
  const space = nasBench201({ channels: 2, cellsPerStage: 1, input, classes: 4 })
  const path = [3, 3, 3, 3, 3, 3]
  const values = new Float32Array(
    space.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
  )
  for (let i = 0; i < values.length; i++) values[i] = 3e38 * Math.sin(i + 1)

  it('are an error of the evaluation', async () => {
    using supernet = Supernet.of(space)
    using data = new Dataset(tinyImages(20))
    await supernet.write('parameters', values)
    await expect(evaluatePath({ space, supernet, data, batchSize: 10 }, path)).rejects.toThrow(
      /^Expected a finite loss for path 3,3,3,3,3,3 but received (NaN|Infinity)/,
    )
  })

  it('are an error of infer', async () => {
    const named = byName(space.parameters(), values)
    const weights = new Map(space.parameters().map(({ name, shape }) => [name, { shape, data: named.get(name)! }]))
    const { labels: _, ...images } = tinyImages(20)
    await expect(infer({ space, weights, images, paths: [path] })).rejects.toThrow(
      /^Expected finite logits for path 3,3,3,3,3,3 but received (NaN|-?Infinity)$/,
    )
  })
})
