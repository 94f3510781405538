import '../../support/fake-addon.js'
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import { journal } from '../../support/fake-journal.js'
import { refusal } from '../../support/refusal.js'
import { searchFolder } from '../../support/search-folder.js'
import { collect, tinyConfig, tinyImages, tinySplits } from '../../support/tiny.js'

const { at, out, read, run } = searchFolder()

describe('refusals', () => {
  it('refuses phases that there are none of', async () => {
    for (const [phases, received] of [
      [['foo'], 'foo'],
      [[], 'none'],
    ] as const) {
      const error = await refusal(collect(run(tinyConfig(), { phases: phases as never })))
      expect(error.message).toBe(`Expected one or more of train, rank, find for phases but received ${received}`)
    }
    expect(readdirSync(at())).toEqual([])
  })

  it('refuses to train again a run that has ended and lost its checkpoint', async () => {
    await collect(run())
    const before = readdirSync(out())
    rmSync(at('run', 'checkpoint'), { recursive: true })
    const error = await refusal(collect(run(tinyConfig(), { resume: out() })))
    expect(error.message).toMatch(/^Expected the checkpoint of a run that has ended, in .*run, but received none$/)
    expect(readdirSync(out())).toEqual(before.filter((name) => name !== 'checkpoint'))
  })

  it('refuses a folder that holds files', async () => {
    mkdirSync(out())
    writeFileSync(join(out(), 'precious.txt'), 'keep')
    const error = await refusal(collect(run()))
    expect(error.message).toMatch(/^Expected a new or empty folder for --out but received .*, which holds precious.txt/)
    expect(error.exitCode).toBe(2)
    expect(readdirSync(out())).toEqual(['precious.txt'])
  })

  it.skipIf(process.getuid?.() === 0)('refuses a place that cannot be written to', async () => {
    chmodSync(at(), 0o500)
    const error = await refusal(collect(run()))
    chmodSync(at(), 0o700)
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

  it('resumes with images read in another way, if they are the same, and keeps paths that mean the same anywhere', async () => {
    const folder = { format: 'folder', size: 8 } as const
    await collect(run(tinyConfig({ data: { ...folder, dir: 'images' } })))
    expect(read('run', 'config.yaml')).toContain(`dir: ${resolve('images')}\n`)
    const other = tinyConfig({ data: { ...folder, dir: 'images', source: 'streaming' } })
    expect((await collect(run(other, { resume: out() }))).at(-1)).toMatchObject({ event: 'result' })
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
    expect(untrained.message).toBe('Expected the run folder of a training for resume but received none')
    const both = await refusal(collect(run(tinyConfig(), { out: out(), resume: out('missing') })))
    expect(both.message).toBe('Expected out or resume for the run folder but received both')
    expect(readdirSync(at())).toEqual([])
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
    expect(readdirSync(at())).toEqual([])
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
