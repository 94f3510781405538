import '../../support/fake-addon.js'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import type { EpochEvent, ResultEvent, SearchEvent, StartEvent } from '../../../src/search/events.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import { journal } from '../../support/fake-binding.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, timeless, tinyConfig, tinyImages, tinySplits } from '../../support/tiny.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const out = (name = 'run') => join(folder, name)
const read = (...names: string[]) => readFileSync(join(folder, ...names), 'utf8')
const lines = (name: string) =>
  read(name, 'events.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

function run(config = tinyConfig(), options: SearchOptions = {}) {
  const place = options.resume === undefined ? { out: out() } : {}
  return search(config, { data: tinySplits, ...place, ...options })
}

/** Runs until `stop` says so, then aborts; resolves once the search has saved itself. */
async function interrupted(
  config: ReturnType<typeof tinyConfig>,
  options: SearchOptions,
  stop: (event: SearchEvent) => boolean,
) {
  const controller = new AbortController()
  const events: SearchEvent[] = []
  const work = async () => {
    for await (const event of run(config, { ...options, signal: controller.signal })) {
      events.push(event)
      if (stop(event)) controller.abort()
    }
  }
  await expect(work()).rejects.toMatchObject({ name: 'AbortError' })
  return events
}

async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('search', () => {
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
    expect(header).toBe('rank,path,arch,accuracy,loss,groundTruth')
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
    folder = temporaryFolder()
    expect(await warningsOf(images / 2)).toEqual([])
  })

  it('compares with the column of the data set, and names table and column in events and summary', async () => {
    const file = join(folder, 'two.csv')
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
    expect(readdirSync(folder)).toEqual([])
  })

  it('drops a ranking by another table from the summary', async () => {
    const settings = (name: string, accuracy: number) => {
      const file = join(folder, name)
      writeFileSync(file, `arch,accuracy\n"3,3,3,3,3,3",${accuracy}\n`)
      const finding = { algorithm: 'random', evaluations: 4 } as const
      return tinyConfig({ groundTruth: { file }, ranking: { subModels: 'groundTruth' }, finding })
    }
    const summary = () => JSON.parse(read('run', 'summary.json'))
    await collect(run(settings('a.csv', 90)))
    expect(summary()).toMatchObject({ bestFound: 90, ranked: 1, groundTruth: { file: join(folder, 'a.csv') } })
    await collect(run(settings('b.csv', 80), { resume: out(), phases: ['find'] }))
    expect(summary()).toMatchObject({ bestFound: null, ranked: 0, groundTruth: { file: join(folder, 'b.csv') } })
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

describe('resuming', () => {
  const variants: ConfigInput[] = [
    {},
    {
      method: {
        name: 'pada',
        perEdge: true,
        unbiased: true,
        dataImportance: 'mean',
        pathSchedule: { kind: 'constant', value: 0.7 },
      },
    },
    { method: { name: 'spos' } },
  ]
  for (const [i, changes] of variants.entries()) {
    for (const [epoch, step] of [
      [0, 1],
      [1, 4],
      [2, 7],
    ]) {
      it(`equals an unbroken run, stopped in epoch ${epoch} after step ${step} (variant ${i})`, async () => {
        const config = tinyConfig(changes)
        // Zero seconds between reports makes every step an event to stop at.
        vi.spyOn(performance, 'now').mockImplementation(ticking())
        const unbroken = await collect(run(config, { out: out('unbroken') }))
        const before = await interrupted(
          config,
          {},
          (event) => event.event === 'step' && event.epoch === epoch && event.step === step,
        )
        const after = await collect(run(config, { resume: out() }))
        vi.restoreAllMocks()
        expect(after[0]).toMatchObject({ event: 'start' })
        const position = step === 7 ? undefined : { epoch, step }
        if (position !== undefined) expect(after[0]).toMatchObject({ resumed: position })
        expect(before.length + after.length).toBeGreaterThan(unbroken.length)
        expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
        expect(read('run', 'ranking.csv')).toBe(read('unbroken', 'ranking.csv'))
        for (const file of ['weights.safetensors', 'state.safetensors']) {
          const bytes = (name: string) => readFileSync(join(folder, name, 'checkpoint', file))
          expect(bytes('run').equals(bytes('unbroken'))).toBe(true)
        }
      })
    }
  }

  it('starts anew where nothing was saved yet, and drops what the log already held', async () => {
    const config = tinyConfig()
    await collect(run(config, { out: out('unbroken') }))
    mkdirSync(out())
    writeFileSync(join(out(), 'config.yaml'), read('unbroken', 'config.yaml'))
    writeFileSync(join(out(), 'events.jsonl'), '{"event":"start"}\n{"event":"epoch"}\n{"ev')
    await collect(run(config, { resume: out() }))
    expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
  })

  it('cuts the log back to the checkpoint, torn lines included, and goes on from there', async () => {
    const config = tinyConfig()
    await collect(run(config, { out: out('unbroken') }))
    await interrupted(config, {}, (event) => event.event === 'epoch' && event.epoch === 1)
    writeFileSync(join(out(), 'events.jsonl'), `${read('run', 'events.jsonl')}{"event":"epoch","epoch":2}\n{"eve`)
    await collect(run(config, { resume: out() }))
    expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
  })

  it('completes the replacement of a checkpoint that was cut between its two renames', async () => {
    const { renameSync } = await import('node:fs')
    const config = tinyConfig()
    await collect(run(config))
    renameSync(join(out(), 'checkpoint'), join(out(), 'checkpoint.new'))
    mkdirSync(join(out(), 'checkpoint.old'))
    const events = await collect(run(config, { resume: out() }))
    expect(events[0]).toMatchObject({ resumed: { epoch: 3, step: 0 } })
    expect(readdirSync(out()).filter((name) => name.startsWith('checkpoint'))).toEqual(['checkpoint'])
  })

  it('goes on with a ranking where it stopped and ignores a torn line', async () => {
    const config = tinyConfig()
    const unbroken = (await collect(run(config, { out: out('unbroken') }))).at(-1)!
    await interrupted(config, {}, (event) => event.event === 'evaluated' && event.done === 7)
    const evaluated = join(out(), 'evaluated.jsonl')
    const kept = read('run', 'evaluated.jsonl')
    expect(kept.trim().split('\n')).toHaveLength(8)
    writeFileSync(evaluated, kept.slice(0, -5))
    journal.evaluated = 0
    const events = await collect(run(config, { resume: out() }))
    expect(timeless(events.at(-1)!)).toEqual(timeless(unbroken))
    const total = events.filter((event) => event.event === 'evaluated').length
    expect(journal.evaluated).toBe(total - 6)
    expect(read('run', 'ranking.csv')).toBe(read('unbroken', 'ranking.csv'))
  })

  it('does the halves apart, and ranks again in other ways', async () => {
    const config = tinyConfig()
    const whole = (await collect(run(config, { out: out('whole') }))).at(-1)!
    const trained = (await collect(run(config, { phases: ['train'] }))).at(-1) as ResultEvent
    expect(trained).toMatchObject({ kendallTau: null, top: [], ranked: 0 })
    const ranked = await collect(run(config, { resume: out(), phases: ['rank'] }))
    expect(ranked.some((event) => event.event === 'epoch')).toBe(false)
    expect(timeless(ranked.at(-1)!)).toEqual(timeless(whole))
    const other = tinyConfig({ ranking: { subModels: 5, top: 3 } })
    const again = (await collect(run(other, { resume: out(), phases: ['rank'] }))).at(-1) as ResultEvent
    expect(again.top).toHaveLength(3)
    expect(again.ranked).toBe(5)
  })

  it('saves as often as it is told to', async () => {
    const config = tinyConfig({ training: { epochs: 2, batchSize: 8, checkpointSeconds: 0 } })
    const events = await collect(run(config))
    const positions = events
      .filter((event) => event.event === 'checkpoint')
      .map(({ epoch, step }) => `${epoch}/${step}`)
    expect(positions).toEqual([0, 1].flatMap((e) => [...[1, 2, 3, 4, 5, 6].map((s) => `${e}/${s}`), `${e + 1}/0`]))
  })
})

describe('refusals', () => {
  it('refuses a folder that holds files', async () => {
    mkdirSync(out())
    writeFileSync(join(out(), 'precious.txt'), 'keep')
    const error = await refusal(collect(run()))
    expect(error.message).toMatch(/^Expected a new or empty folder for --out but received .*, which holds precious.txt/)
    expect(error.exitCode).toBe(2)
    expect(readdirSync(out())).toEqual(['precious.txt'])
  })

  it.skipIf(process.getuid?.() === 0)('refuses a place that cannot be written to', async () => {
    chmodSync(folder, 0o500)
    const error = await refusal(collect(run()))
    chmodSync(folder, 0o700)
    expect(error.message).toMatch(
      /^Expected a place that can be written to for .* but received EACCES: this user may not write there$/,
    )
  })

  it('refuses a file as run folder', async () => {
    writeFileSync(out(), '')
    const error = await refusal(collect(run()))
    expect(error.message).toMatch(
      /^Expected a place that can be written to for .* but received EEXIST: a file is where a folder should be$/,
    )
  })

  it('refuses to resume with other settings, and names them', async () => {
    await collect(run())
    const before = read('run', 'config.yaml')
    const other = tinyConfig({ seed: 3, training: { epochs: 4, batchSize: 8 } })
    const error = await refusal(collect(run(other, { resume: out() })))
    expect(error.message).toContain('seed: 0, not 3; training.epochs: 3, not 4')
    expect(error.exitCode).toBe(2)
    expect(read('run', 'config.yaml')).toBe(before)
  })

  it('refuses a checkpoint of another space or of other images, and leaves the run as it was', async () => {
    const config = tinyConfig()
    await collect(run(config))
    const log = read('run', 'events.jsonl')
    const { nasBench201 } = await import('../../../src/spaces/index.js')
    const input = { channels: 1, height: 8, width: 8 }
    const wider = nasBench201({ channels: 4, cellsPerStage: 1, input, classes: 4 })
    const space = await refusal(collect(run(config, { resume: out(), space: wider })))
    expect(space.message).toMatch(
      /^Expected a checkpoint of this nasbench201 in .* but received one of another nasbench201$/,
    )
    const data = { ...tinySplits, train: tinyImages(40) }
    const images = await refusal(collect(run(config, { resume: out(), data })))
    expect(images.message).toMatch(/^Expected the training images that .* was started with but received others$/)
    expect(read('run', 'events.jsonl')).toBe(log)
  })

  it('refuses what is no run, and a run without weights to rank', async () => {
    const error = await refusal(collect(run(tinyConfig(), { resume: out('missing') })))
    expect(error.message).toMatch(/^Expected a run folder with a config.yaml but received /)
    const untrained = await refusal(collect(run(tinyConfig(), { phases: ['rank'] })))
    expect(untrained.message).toMatch(/^Expected a run with a checkpoint to rank but received /)
  })

  it('refuses impossible rankings before it leaves a trace', async () => {
    const configs: [ConfigInput, string][] = [
      [
        { ranking: { subModels: 20_000 } },
        'Expected at most 15625 for ranking.subModels with nasbench201 but received 20000',
      ],
      [{ ranking: { imageCount: 21 } }, 'Expected at most 20 test images for ranking.imageCount but received 21'],
    ]
    for (const [changes, message] of configs) {
      const error = await refusal(collect(run(tinyConfig(changes))))
      expect(error.message).toBe(message)
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('stops where the loss is no longer finite', async () => {
    const { fakeBinding } = await import('../../support/fake-binding.js')
    const prototype = fakeBinding.Supernet.prototype
    const step = prototype.trainStep
    vi.spyOn(prototype, 'trainStep').mockImplementation(async function (this: typeof prototype, ...args) {
      const record = await step.apply(this, args)
      return journal.steps.length === 10 ? { ...record, loss: Number.NaN } : record
    })
    const error = await refusal(collect(run(parseConfig(tinyConfig()))))
    vi.restoreAllMocks()
    expect(error.message).toBe(
      'Expected a finite loss but received NaN in epoch 2, step 3: try a lower training.learningRate',
    )
  })
})

/** A clock that moves a second with every look at it. */
function ticking(): () => number {
  let now = 0
  return () => {
    now += 1000
    return now
  }
}
