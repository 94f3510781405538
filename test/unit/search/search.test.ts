import '../../support/fake-addon.js'
import { readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { EpochEvent, ResultEvent, StartEvent } from '../../../src/search/events.js'
import { journal } from '../../support/fake-journal.js'
import { refusal } from '../../support/refusal.js'
import { searchFolder } from '../../support/search-folder.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

const { at, out, read, lines, run, renew } = searchFolder()

describe('search', () => {
  it('refuses own images that are none, not finite, or of other classes or sizes than the splits say', async () => {
    const { images, labels, ...shape } = tinySplits.train
    const about = { ...shape, labels }
    const floats = Float32Array.from(images)
    floats[3 * 64 + 5] = Number.NaN
    const none = { ...about, images: new Uint8Array(), labels: new Int32Array() }
    for (const [train, sentence] of [
      [{ ...about, images: floats }, 'Expected finite values for train.images but received NaN in image 3'],
      [none, 'Expected at least one image for train.labels but received none'],
      [
        { ...about, images, labels: labels.with(2, 10) },
        'Expected labels from 0 to 3 for train.labels but received 10 at index 2',
      ],
      [
        { ...about, images, labels: labels.map(() => -1) },
        'Expected labels from 0 to 3 for train.labels but received -1 at index 0',
      ],
      [
        { ...about, images: images.subarray(1) },
        'Expected 50 images of 1×8×8, one per label, for train.images but received 3199 values',
      ],
    ] as const) {
      const error = await refusal(run(tinyConfig(), { data: { ...tinySplits, train } }).next())
      expect(error.message).toBe(sentence)
    }
  })

  it('refuses own images whose mean or deviation is in pixel values', async () => {
    const { train } = tinySplits
    const bytes = { ...train, images: new Uint8Array(train.images.length), mean: [0.5], std: [63] }
    for (const split of ['train', 'test'] as const) {
      const error = await refusal(run(tinyConfig(), { data: { ...tinySplits, [split]: bytes } }).next())
      expect(error.message).toBe(
        `Expected numbers from 0.0004 to 1, in units of pixel value / 255, for ${split}.std but received 63`,
      )
    }
  })

  it('reports start, epochs and result, and leaves a run folder', async () => {
    const events = await collect(run())
    expect(events[0]).toMatchObject({
      event: 'start',
      input: { channels: 1, height: 8, width: 8 },
      space: 'nasbench201',
      method: 'pada',
      stepsPerEpoch: 7,
      epochs: 3,
    })
    const epochs = events.filter((event) => event.event === 'epoch') as EpochEvent[]
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2])
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([
      0.05,
      expect.closeTo(0.0375),
      expect.closeTo(0.0125),
    ])
    expect(Object.keys(epochs[0].gradientVarianceByOperation)).toEqual(['nor_conv_1x1', 'nor_conv_3x3'])
    const result = events.at(-1) as ResultEvent
    expect(result).toMatchObject({ event: 'result', epochs: 3, ranked: 20, kendallTau: null, dataset: 'tiny' })
    expect(result.gradientVariance).toEqual(epochs.map(({ gradientVariance }) => gradientVariance))
    expect(result.pathDistribution).toEqual(epochs[2].pathDistribution)
    expect(result.top).toHaveLength(10)
    const accuracies = result.top.map(({ accuracy }) => accuracy)
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a))

    expect(readdirSync(out()).sort()).toEqual([
      'checkpoint',
      'config.yaml',
      'evaluated.jsonl',
      'events.jsonl',
      'progress.json',
      'ranking.csv',
      'steps.jsonl',
      'summary.json',
    ])
    expect(lines('run').map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'result'])
    expect(JSON.parse(read('run', 'summary.json'))).toEqual(result)
    const [header, first, ...rest] = read('run', 'ranking.csv').trim().split('\n')
    expect(header).toBe('rank,path,arch,accuracy,loss,groundTruth,parameters,multiplyAdds')
    expect(first.startsWith(`1,"${result.top[0].path.join()}",${result.top[0].arch},${accuracies[0]},`)).toBe(true)
    expect(rest).toHaveLength(19)
    expect(journal.disposed).toBe(journal.compiled)
  })

  it('says if an epoch is one step, within which no gradient varies', async () => {
    const warningsOf = async (batchSize: number) => {
      const events = run(tinyConfig({ training: { batchSize } }))
      const { value } = await events.next()
      await events.return(undefined as never)
      return (value as StartEvent).warnings.filter((warning) => warning.includes('gradient variance'))
    }
    const images = tinySplits.train.labels.length
    expect(await warningsOf(images)).toEqual([
      'the training images make one step per epoch, so a gradient variance of 0 says nothing',
    ])
    renew()
    expect(await warningsOf(images / 2)).toEqual([])
  })

  it('compares with the column of the data set, and names table and column in events and summary', async () => {
    const file = at('two.csv')
    const rows = ['"3,3,3,3,3,3",90,0.25', '"0,0,0,0,0,0",10,0.75', '"4,4,4,4,4,4",80,nan']
    writeFileSync(file, ['arch,cifar10_test,cifar100_test', ...rows].join('\n'))
    const config = tinyConfig({ groundTruth: { file }, ranking: { subModels: 'groundTruth' } })
    const events = await collect(run(config, { data: { ...tinySplits, name: 'cifar100' } }))
    const source = { file, column: 'cifar100_test', architectures: 2, leftOut: 1, unit: 'fraction' }
    expect(events[0]).toMatchObject({ event: 'start', groundTruth: source })
    const result = events.at(-1) as ResultEvent
    expect(result).toMatchObject({ groundTruth: source, ranked: 2, withGroundTruth: 2 })
    expect(result.top.map(({ groundTruth }) => groundTruth).sort()).toEqual([25, 75])
    expect(JSON.parse(read('run', 'summary.json'))).toMatchObject({ groundTruth: source })
    const other = await refusal(collect(run(config, { out: out('other') })))
    expect(other.message).toMatch(
      /^Expected a column "tiny_test" or "accuracy" in .*two\.csv but received cifar10_test, /,
    )
    expect(other.exitCode).toBe(2)
  })

  it("refuses the package's table for images of one's own", async () => {
    const error = await refusal(collect(run(tinyConfig({ groundTruth: { file: 'embedded' } }))))
    expect(error.message).toBe('Expected a table of tiny for groundTruth.file but received embedded')
    expect(error.exitCode).toBe(2)
    expect(readdirSync(at())).toEqual([])
  })

  it('drops a ranking by another table from the summary', async () => {
    const settings = (name: string, accuracy: number) => {
      const file = at(name)
      writeFileSync(file, `arch,accuracy\n"3,3,3,3,3,3",${accuracy}\n`)
      const finding = { algorithm: 'random', evaluations: 4 } as const
      return tinyConfig({ groundTruth: { file }, ranking: { subModels: 'groundTruth' }, finding })
    }
    const summary = () => JSON.parse(read('run', 'summary.json'))
    await collect(run(settings('a.csv', 90)))
    expect(summary()).toMatchObject({ bestFound: 90, ranked: 1, groundTruth: { file: at('a.csv') } })
    await collect(run(settings('b.csv', 80), { resume: out(), phases: ['find'] }))
    expect(summary()).toMatchObject({ bestFound: null, ranked: 0, groundTruth: { file: at('b.csv') } })
  })

  it('takes every image once in the first epoch, then draws as many with replacement, and keeps the last part batch', async () => {
    await collect(run())
    const epochs = [0, 1, 2].map((epoch) => journal.steps.slice(7 * epoch, 7 * (epoch + 1)).map(({ batch }) => batch))
    expect(epochs.map((batches) => batches.map(({ indices }) => indices.length))).toEqual(
      new Array(3).fill([8, 8, 8, 8, 8, 8, 2]),
    )
    const indices = epochs.map((batches) => batches.flatMap((batch) => [...batch.indices]))
    expect(new Set(indices[0]).size).toBe(50)
    expect(new Set(indices[1]).size).toBeLessThan(50)
    expect(indices[1]).not.toEqual(indices[2])
    const seeds = new Set(epochs.flat().map(({ augmentation }) => augmentation?.seed))
    expect(seeds.size).toBe(21)
  })

  it('shuffles without replacement for SPOS, in another order every epoch', async () => {
    await collect(run(tinyConfig({ method: { name: 'spos' } })))
    const indices = [0, 1].map((epoch) =>
      journal.steps.slice(7 * epoch, 7 * epoch + 7).flatMap(({ batch }) => [...batch.indices]),
    )
    for (const epoch of indices) expect(epoch.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()])
    expect(indices[0]).not.toEqual(indices[1])
  })

  it('repeats itself for equal seeds and differs for others', async () => {
    const first = await collect(run(tinyConfig(), { out: out('a') }))
    const second = await collect(run(tinyConfig(), { out: out('b') }))
    const third = await collect(run(tinyConfig({ seed: 1 }), { out: out('c') }))
    expect(timeless(second.at(-1)!)).toEqual(timeless(first.at(-1)!))
    expect(timeless(third.at(-1)!)).not.toEqual(timeless(first.at(-1)!))
  })

  it('evaluates sub-models that differ in dead edges once', async () => {
    const config = tinyConfig({ ranking: { subModels: 'all' } })
    const result = (await collect(run(config))).at(-1) as ResultEvent
    expect(result.ranked).toBe(15_625)
    expect(journal.evaluated).toBe(9_445)
  })

  it('trains one path and ranks it alone for the method standalone', async () => {
    const path = [3, 0, 1, 2, 3, 4]
    const result = (await collect(run(tinyConfig({ method: { name: 'standalone', path } })))).at(-1) as ResultEvent
    expect(result.top.map((subModel) => subModel.path)).toEqual([path])
    expect(new Set(journal.steps.map(({ parameters }) => parameters.join())).size).toBe(1)
    const error = await refusal(
      collect(run(tinyConfig({ method: { name: 'standalone', path: [9] } }), { out: out('b') })),
    )
    expect(error.message).toBe('Expected 6 numbers for a path of nasbench201 but received 1: 9')
  })
})
