import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, configOfSettings, loadConfig, parseConfig } from '../../../src/config/index.js'
import { planExperiment } from '../../../src/experiment/load.js'
import { RunFolder } from '../../../src/runs/run-folder.js'
import { savedConfig } from '../../../src/runs/saved-settings.js'
import { flip, padCrop } from '../../support/augmentation.js'
import { refusalOf } from '../../support/refusal.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earlier-forms-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  writeFileSync(join(folder, 'a.yaml'), text)
  return join(folder, 'a.yaml')
}

/** What the settings of an earlier version become; today's types do not know them. */
const read = (augmentation: unknown) => parseConfig({ training: { augmentation } } as ConfigInput).training.augmentation
const withSettings = async (text: string, ...set: string[]) =>
  (await loadConfig({ file: file(text), set })).training.augmentation

describe('pad and flip, the earlier form of training.augmentation,', () => {
  it('mean what they meant: their defaults, no crop for 0, the crop before the flip', () => {
    expect(read({})).toEqual([padCrop(4), flip()])
    expect(read({ pad: 2, flip: true })).toEqual([padCrop(2), flip()])
    expect(read({ pad: 2 })).toEqual([padCrop(2), flip()])
    expect(read({ flip: false })).toEqual([padCrop(4)])
    expect(read({ pad: 0, flip: true })).toEqual([flip()])
    expect(read({ pad: 0, flip: false })).toEqual([])
  })

  it('are refused by what is allowed today where they were never allowed', async () => {
    const refusal = (settings: unknown) => refusalOf(() => read(settings))
    const about = 'for training.augmentation but received'
    expect(await refusal({ flop: true })).toBe(`Expected a list ${about} {"flop":true} (the configuration)`)
    expect(await refusal({ pad: '2' })).toBe(`Expected a list ${about} {"pad":"2"} (the configuration)`)
    expect(await refusal({ pad: 2, flip: 1 })).toBe(`Expected a list ${about} {"pad":2,"flip":1} (the configuration)`)
    expect(await refusal({ pad: -1 })).toBe(
      'Expected a number of at least 1 for training.augmentation[0].padding but received -1 (the configuration)',
    )
  })

  it('leave the settings of the caller as they are', () => {
    const settings = { training: { augmentation: { pad: 2, flip: false } } }
    parseConfig(settings as unknown as ConfigInput)
    expect(settings).toEqual({ training: { augmentation: { pad: 2, flip: false } } })
  })

  it('change only what they name of a list that they are set over', async () => {
    const list = 'training: { augmentation: [{ kind: flip, probability: 0.3 }, { kind: pad-crop, padding: 1 }] }'
    expect(await withSettings(list, 'training.augmentation.pad=2')).toEqual([flip(0.3), padCrop(2)])
    expect(await withSettings(list, 'training.augmentation.pad=0')).toEqual([flip(0.3)])
    expect(await withSettings(list, 'training.augmentation.flip=false')).toEqual([padCrop(1)])
    expect(await withSettings(list, 'training.augmentation.flip=true')).toEqual([flip(0.3), padCrop(1)])
    expect(await withSettings('training: { augmentation: [] }', 'training.augmentation.pad=2')).toEqual([padCrop(2)])
    const earlier = 'training: { augmentation: { pad: 3, flip: false } }'
    expect(await withSettings(earlier, 'training.augmentation.pad=2')).toEqual([padCrop(2)])
    expect(await withSettings(earlier, 'training.augmentation.flip=true')).toEqual([padCrop(3), flip()])
    expect(await withSettings(earlier, 'training.augmentation=[{ kind: flip }]')).toEqual([flip()])
    expect(await withSettings('', 'training.augmentation.pad=1', 'training.augmentation.flip=false')).toEqual([
      padCrop(1),
    ])
  })

  it('are read wherever settings come from', async () => {
    const earlier = { training: { augmentation: { pad: 1, flip: false } } } as unknown as ConfigInput
    const { training } = await loadConfig({ file: file(''), overrides: earlier })
    expect(training.augmentation).toEqual([padCrop(1)])
    const { training: filled } = await loadConfig({ file: file(''), defaults: earlier })
    expect(filled.augmentation).toEqual([padCrop(1)])
    expect(configOfSettings(['training.augmentation.pad=1']).training.augmentation).toEqual([padCrop(1), flip()])
    const { cells } = await planExperiment({
      name: 'test',
      config: file('training: { augmentation: { pad: 3, flip: false } }'),
      set: { training: { augmentation: { pad: 2 } } },
      seeds: [0],
      studies: {
        test: { figure: 'method', methods: ['spos', { label: 'flips', training: { augmentation: { flip: true } } }] },
      },
    })
    expect(cells.map(({ config }) => config.training.augmentation)).toEqual([[padCrop(2)], [padCrop(2), flip()]])
  })

  it('compare in run folders as what they mean', async () => {
    const run = join(folder, 'run')
    const config = parseConfig({ name: 'a' })
    const identity = { space: 'nasbench201', spaceDigest: '', trainingImages: '' }
    await using begun = await RunFolder.create(run)
    writeFileSync(begun.file('config.yaml'), 'name: a\ntraining: { augmentation: { pad: 4, flip: true } }\n')
    expect(await savedConfig(run)).toEqual(config)
    expect((await begun.resume(config, identity)).snapshot).toBeUndefined()
    const other = parseConfig({ name: 'a', training: { augmentation: [{ kind: 'flip' }] } })
    await expect(begun.resume(other, identity)).rejects.toThrow(
      'training.augmentation: [{"kind":"pad-crop","padding":4},{"kind":"flip","probability":0.5}], ' +
        'not [{"kind":"flip","probability":0.5}]',
    )
  })
})

describe('a run whose other data were compared with the embedded table', () => {
  it('is read without that table', async () => {
    const run = mkdtempSync(join(folder, 'truth-'))
    const settings = { data: { format: 'idx', dir: 'x' }, ranking: { subModels: 'groundTruth' } }
    writeFileSync(join(run, 'config.yaml'), JSON.stringify({ ...settings, groundTruth: { file: 'embedded' } }))
    const config = await savedConfig(run)
    expect(config.groundTruth).toBeUndefined()
    expect(config.ranking.subModels).toBe(200)
  })
})

describe('momentum and weightDecay, which became settings of training.optimizer,', () => {
  const optimizer = (training: object) => parseConfig({ training } as unknown as ConfigInput).training.optimizer

  it('are read as those of SGD', () => {
    expect(optimizer({ momentum: 0.5 })).toEqual({ kind: 'sgd', momentum: 0.5, weightDecay: 2.5e-4 })
    expect(optimizer({ momentum: 0, weightDecay: 0.1 })).toEqual({ kind: 'sgd', momentum: 0, weightDecay: 0.1 })
  })

  it('are refused under their name of today', () => {
    expect(() => optimizer({ momentum: 1 })).toThrow(
      'Expected a number of less than 1 for training.optimizer.momentum but received 1 (the configuration)',
    )
  })

  it('change only what they name, as --set', async () => {
    writeFileSync(join(folder, 'settings.yaml'), 'training: { optimizer: { kind: sgd, weightDecay: 0.1 } }')
    const { training } = await loadConfig({ file: join(folder, 'settings.yaml'), set: ['training.momentum=0.5'] })
    expect(training.optimizer).toEqual({ kind: 'sgd', momentum: 0.5, weightDecay: 0.1 })
  })

  it("are refused beside today's form of the same setting, and beside no optimizer", () => {
    const both = { momentum: 0.5, optimizer: { kind: 'sgd', momentum: 0.7 } }
    expect(() => optimizer(both)).toThrow(/^Expected only .* for training but received "momentum"/)
    for (const other of ['adam', null]) {
      expect(() => optimizer({ momentum: 0.5, optimizer: other })).toThrow(/training\.optimizer/)
    }
  })

  it('win, as --set, over the same setting of a file', async () => {
    const { training } = await loadConfig({
      file: file('training: { optimizer: { kind: sgd, momentum: 0.7 } }'),
      set: ['training.momentum=0.5'],
    })
    expect(training.optimizer).toEqual({ kind: 'sgd', momentum: 0.5, weightDecay: 2.5e-4 })
  })

  it("need no kind in today's form either", async () => {
    const { training } = await loadConfig({ file: file('seed: 1'), set: ['training.optimizer.momentum=0.8'] })
    expect(training.optimizer).toEqual({ kind: 'sgd', momentum: 0.8, weightDecay: 2.5e-4 })
  })
})
