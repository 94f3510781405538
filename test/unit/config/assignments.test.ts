/** Assignments `key.of.setting=value`, which change the settings of a file. */
import { describe, expect, it } from 'vitest'
import { loadConfig, loadRetrainConfig, parseConfig } from '../../../src/config/index.js'
import { configFolder } from '../../support/config-folder.js'

const { file, refusal } = configFolder()

describe('--set', () => {
  it('takes null for the removal of a setting', async () => {
    const limited = file('finding: { algorithm: random, limits: { parameters: 9, latency: 3 } }\nseed: 4\n')
    const config = await loadConfig({ file: limited, set: ['finding.limits.latency=null', 'seed=null'] })
    expect(config.finding?.limits).toEqual({ parameters: { max: 9 } })
    expect(config.seed).toBe(0)
    const untold = await loadConfig({ set: ['groundTruth=null', 'ranking.subModels=5'] })
    expect(untold.groundTruth).toBeUndefined()
    for (const unknown of ['nosuch=null', 'training.epochz=null', 'finding.limits.nosuch=null']) {
      expect(await refusal(() => loadConfig({ file: limited, set: [unknown] })), unknown).toMatch(
        /^Expected only .* received/,
      )
    }
    const retraining = loadRetrainConfig({ file: 'retrain-smoke', set: ['training.nosuch=null'] })
    expect(await refusal(() => retraining)).toMatch(/^Expected only .* but received "nosuch"/)
    // The file's own mistake is not that of --set.
    const mistaken = () => loadConfig({ file: file('sed: 4\n'), set: ['seed=null'] })
    expect(await refusal(mistaken)).toMatch(/received "sed" \(my-search\.yaml\)|in my-search\.yaml/)
    // A value that was forgotten in a file is no removal.
    expect(await refusal(() => loadConfig({ file: file('seed:\n') }))).toContain('a number for seed but received null')
  })

  it('gives a group of another kind its own defaults, also with overrides', async () => {
    const text = 'training: { optimizer: { kind: sgd, momentum: 0.8, weightDecay: 0.007 } }\n'
    const { optimizer } = parseConfig({ training: { optimizer: { kind: 'adamw' } } }).training
    const adamw = { training: { optimizer: { kind: 'adamw' } } } as const
    const loaded = await Promise.all([
      loadConfig({ file: file(text), set: ['training.optimizer.kind=adamw'] }),
      loadConfig({ file: file(text), overrides: adamw }),
    ])
    for (const config of loaded) expect(config.training.optimizer).toEqual(optimizer)
    // The same kind keeps what it has.
    const same = await loadConfig({ file: file(text), set: ['training.optimizer.kind=sgd'] })
    expect(same.training.optimizer).toMatchObject({ momentum: 0.8, weightDecay: 0.007 })
  })

  it('keeps of finding what all algorithms share if another one takes its place', async () => {
    const text = 'finding: { algorithm: evolution, population: 20, parents: 3, limits: { parameters: 5000 } }\n'
    for (const source of [
      { set: ['finding.algorithm=random'] },
      { overrides: { finding: { algorithm: 'random' } } } as const,
    ]) {
      const { finding } = await loadConfig({ file: file(text), ...source })
      expect(finding).toMatchObject({ algorithm: 'random', limits: { parameters: { max: 5000 } } })
      expect(finding).not.toHaveProperty('population')
    }
  })

  it('changes an entry of a list by its place, from 0', async () => {
    const augmentation = async (text: string, ...set: string[]) =>
      (await loadConfig({ file: file(text), set })).training.augmentation
    const [crop, flip] = await augmentation('')
    expect(await augmentation('', 'training.augmentation.0.padding=7')).toEqual([{ ...crop, padding: 7 }, flip])
    expect(await augmentation('', 'training.augmentation[0].padding=7')).toEqual([{ ...crop, padding: 7 }, flip])
    const written = 'training: { augmentation: [{ kind: flip }, { kind: cutout, size: 4 }] }'
    expect(
      await augmentation(written, 'training.augmentation.1.size=6', 'training.augmentation.0.probability=1'),
    ).toEqual([{ kind: 'flip', probability: 1 }, expect.objectContaining({ kind: 'cutout', size: 6 })])
    expect(await refusal(() => augmentation(written, 'training.augmentation.2.size=6'))).toBe(
      'Expected a place of 0…1 for --set training.augmentation but received 2',
    )
    expect(await refusal(() => augmentation('training: { augmentation: [] }', 'training.augmentation.0.size=6'))).toBe(
      'Expected no place, because the list is empty, for --set training.augmentation but received 0',
    )
    expect(await refusal(() => augmentation(written, 'training.augmentation[1].size=0'))).toBe(
      'Expected a number of at least 1 for training.augmentation[1].size but received 0 (--set)',
    )
    const padded = 'training: { augmentation: [{ kind: pad-crop, padding: 5 }] }'
    expect(await augmentation(padded, 'training.augmentation[0].kind=cutout')).toEqual([{ kind: 'cutout', size: 16 }])
    const mixed = ['training.augmentation[0].padding=4', 'training.augmentation[0].kind=cutout']
    expect(await refusal(() => augmentation(padded, ...mixed))).toBe(
      'Expected only kind, size for training.augmentation[0] but received "padding" (--set)',
    )
    for (const wrong of [
      'training.augmentation[x]=1',
      'training.augmentation[0=1',
      'training[]=1',
      '[0]=1',
      'training.augmentation[00].padding=1',
    ]) {
      expect(await refusal(() => augmentation(written, wrong))).toBe(
        `Expected key.of.setting=value for --set but received "${wrong}"`,
      )
    }
    expect(await refusal(() => augmentation(written, 'training.epochs='))).toBe(
      'Expected a value, or null to remove the setting, for --set training.epochs but received nothing',
    )
    expect(await refusal(() => loadConfig({ file: file(''), set: ['training.epochs.0=6'] }))).toMatch(
      /for training.epochs but received/,
    )
  })

  it('keeps the kind of a group that is given in part', async () => {
    const training = 'training: { optimizer: { kind: adamw, weightDecay: 0.1 }, schedule: { kind: step, epochs: 3 } }'
    const set = ['training.optimizer={weightDecay: 0.2}', 'training.schedule={factor: 0.5}']
    const config = await loadConfig({ file: file(training), set })
    expect(config.training.optimizer).toMatchObject({ kind: 'adamw', weightDecay: 0.2 })
    // Its other settings have their defaults again: the group was replaced.
    expect(config.training.schedule).toEqual({ kind: 'step', epochs: 2.4, factor: 0.5 })
    expect(
      (await loadConfig({ file: file(training), set: ['training.optimizer={kind: sgd}'] })).training.optimizer,
    ).toMatchObject({ kind: 'sgd' })
  })

  it('refuses what is no assignment', async () => {
    for (const assignment of ['training.epochs', '=3', '.a=1', 'a..b=1', '__proto__.x=1', '']) {
      expect(await refusal(() => loadConfig({ file: file(''), set: [assignment] }))).toBe(
        `Expected key.of.setting=value for --set but received "${assignment}"`,
      )
    }
    expect(await refusal(() => loadConfig({ file: file(''), set: ['training.epoch=3'] }))).toContain('received "epoch"')
    const damaged = file('training: { batchSize: 0 }', 'damaged.yaml')
    expect(await refusal(() => loadConfig({ file: damaged, set: ['seed=1'] }))).toMatch(/\(damaged\.yaml\)$/)
    expect(await refusal(() => loadConfig({ file: file(''), set: ['training={ epochs: 0 }'] }))).toMatch(/\(--set\)$/)
    expect(await refusal(() => loadConfig({ file: damaged, set: ['training.epoch=3'] }))).toMatch(
      /^Expected valid settings in damaged\.yaml and --set but received 2 problems:/,
    )
    expect(await refusal(() => loadConfig({ file: file(''), set: ['constructor.x=3'] }))).toContain(
      'received "constructor"',
    )
    expect(await refusal(() => loadConfig({ file: file(''), set: ['seed={'] }))).toMatch(
      /^Expected valid YAML for --set seed but received an error/,
    )
  })

  it('names the setting of a value that is no YAML', async () => {
    expect(await refusal(() => loadConfig({ set: ['method.name=['] }))).toMatch(
      /^Expected valid YAML for --set method\.name but received an error in line 1: /,
    )
  })

  it('names itself beside the file whose settings mean nothing to another space', async () => {
    const settings = 'network: { space: nasbench201, path: [0, 0, 0, 0, 0, 0], cellsPerStage: 2 }\n'
    const load = () => loadRetrainConfig({ file: file(settings), set: ['network.space=darts'] })
    expect(await refusal(load)).toMatch(/received "cellsPerStage".*my-search\.yaml and --set/s)
  })
})
