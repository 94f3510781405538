import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { UserError } from '../../../src/base/errors.js'
import { AUGMENTATIONS } from '../../../src/config/augmentation.js'
import { loadConfig, nameOfFile, parseConfig } from '../../../src/config/index.js'
import { METHODS } from '../../../src/config/methods.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string, name = 'my-search.yaml'): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function refusal(work: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(work)
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).exitCode).toBe(2)
  return (error as UserError).message.replaceAll(`${folder}/`, '')
}

describe('parseConfig', () => {
  it("fills in the paper's settings", () => {
    expect(parseConfig({})).toEqual({
      name: 'search',
      seed: 0,
      device: 'cpu',
      precision: 'float32',
      space: { name: 'nasbench201', channels: 16, cellsPerStage: 5, sharing: 'perOperation', affine: false },
      data: { format: 'embedded' },
      method: {
        name: 'pada',
        paths: 'importance',
        data: 'importance',
        pathSchedule: { kind: 'linear', end: 1 },
        dataSchedule: { kind: 'linear', end: 1 },
        connections: 'uniform',
        perEdge: false,
        dataImportance: 'running',
        unbiased: false,
      },
      training: {
        epochs: 250,
        batchSize: 256,
        learningRate: 0.05,
        learningRateMin: 0,
        schedule: { kind: 'cosine' },
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 2.5e-4 },
        dropPathSchedule: 'constant',
        clipNorm: 5,
        unsampled: 'decay',
        gradientNoise: 0,
        varianceSteps: 0,
        augmentation: [
          { kind: 'pad-crop', padding: 4 },
          { kind: 'flip', probability: 0.5 },
        ],
        labelSmoothing: 0,
        checkpointSeconds: 60,
      },
      ranking: {
        subModels: 'all',
        batchSize: 512,
        deIsomorphic: false,
        top: 10,
        recalibration: { images: 2000, batchSize: 200 },
      },
      distributed: { backend: 'auto', batchNorm: 'local', startSeconds: 300, silenceSeconds: 15, patienceSeconds: 600 },
      logging: { tensorboard: false },
    })
  })

  it("fills in the published networks of the spaces' names", () => {
    const of = (name: 'proxylessnas' | 'nasbench-macro') => parseConfig({ space: { name } }).space
    expect(of('proxylessnas')).toEqual({ name: 'proxylessnas', width: 1, layers: [4, 4, 4, 4, 4, 1] })
    expect(of('nasbench-macro')).toEqual({ name: 'nasbench-macro', channels: 32 })
  })

  it('fills in the settings of SPOS for its evolution, and takes a number for the largest value of a limit', () => {
    const { finding } = parseConfig({
      finding: { algorithm: 'evolution', limits: { flops: 1e6, latency: { min: 1 } } },
    })
    expect(finding).toEqual({
      algorithm: 'evolution',
      population: 50,
      generations: 20,
      parents: 10,
      mutations: 25,
      crossovers: 25,
      mutationProbability: 0.1,
      limits: { flops: { max: 1e6 }, latency: { min: 1 } },
      objectives: ['accuracy'],
      published: false,
      latency: { batchSize: 1, warmup: 3, repetitions: 20 },
      top: 10,
    })
    const config = parseConfig({ finding: { algorithm: 'localSearch', limits: { parameters: 5 } } })
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  it('reads what it wrote', () => {
    const config = parseConfig({ seed: 7, method: { name: 'standalone', path: [1, 2] } })
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  it('names a single mistake in one sentence', async () => {
    const cases: [object, string][] = [
      [
        { sed: 1 },
        'Expected only name, seed, device, precision, threads, space, data, method, training, ranking, finding, groundTruth, distributed, logging for the settings but received "sed"',
      ],
      [
        { training: { augmentation: [{ kind: 'flip' }, { kind: 'blur' }] } },
        `Expected ${AUGMENTATIONS.join(', ')} for training.augmentation[1].kind but received "blur"`,
      ],
      [
        { training: { augmentation: [{ padding: 4 }] } },
        `Expected ${AUGMENTATIONS.join(', ')} for training.augmentation[0].kind but received nothing`,
      ],
      [
        { training: { augmentation: [{ kind: 'flip', pad: 4 }] } },
        'Expected only kind, probability for training.augmentation[0] but received "pad"',
      ],
      [
        { space: { name: 'nasbench201', cellsPerStage: 1e9 } },
        'Expected a number of at most 1000 for space.cellsPerStage but received 1000000000',
      ],
      [
        { space: { name: 'darts', channels: 1e6 } },
        'Expected a number of at most 65536 for space.channels but received 1000000',
      ],
      [
        { training: { augmentation: [{ kind: 'flip', probability: 2 }] } },
        'Expected a number of at most 1 for training.augmentation[0].probability but received 2',
      ],
      [
        { training: { augmentation: [{ kind: 'pad-crop', padding: 0 }] } },
        'Expected a number of at least 1 for training.augmentation[0].padding but received 0',
      ],
      [
        { training: { augmentation: ['flip'] } },
        'Expected a group of settings for training.augmentation[0] but received "flip"',
      ],
      [
        { training: { augmentation: [{ kind: 'flip' }, { kind: 'flip' }] } },
        'Expected each kind once for training.augmentation but received [{"kind":"flip"},{"kind":"flip"}]',
      ],
      [{ training: { epochs: 0 } }, 'Expected a number of at least 1 for training.epochs but received 0'],
      [{ training: { epochs: 1.5 } }, 'Expected a whole number for training.epochs but received 1.5'],
      [
        { training: { optimizer: { kind: 'sgd', momentum: 1 } } },
        'Expected a number of less than 1 for training.optimizer.momentum but received 1',
      ],
      [{ training: { learningRate: 'fast' } }, 'Expected a number for training.learningRate but received "fast"'],
      [
        { training: { learningRateMin: -1 } },
        'Expected a number of at least 0 for training.learningRateMin but received -1',
      ],
      [
        { training: { learningRate: 0.02, learningRateMin: 0.03 } },
        'Expected at most training.learningRate, 0.02, for training.learningRateMin but received 0.03',
      ],
      [
        { training: { schedule: { patience: 3 } } },
        'Expected cosine, plateau, step, exponential, one-cycle, constant, because the group has no default kind, for training.schedule.kind but received nothing',
      ],
      [
        { training: { schedule: { kind: 'cosine', patience: 3 } } },
        'Expected only kind, per for training.schedule but received "patience"',
      ],
      [
        { training: { warmup: { epochs: 3, from: 0.1 } } },
        'Expected at most training.learningRate, 0.05, for training.warmup.from but received 0.1',
      ],
      [
        { training: { epochs: 10, warmup: { epochs: 11 } } },
        'Expected at most training.epochs, 10, for training.warmup.epochs but received 11',
      ],
      [
        { training: { warmup: { from: 0.01 } } },
        'Expected either epochs or steps for training.warmup but received {"from":0.01}',
      ],
      [
        { training: { warmup: { epochs: 3, steps: 5 } } },
        'Expected either epochs or steps for training.warmup but received {"epochs":3,"steps":5}',
      ],
      [
        { training: { warmup: { epochs: 3 }, schedule: { kind: 'one-cycle' } } },
        'Expected none, because one-cycle begins with a warm-up of its own, for training.warmup but received {"epochs":3}',
      ],
      [
        { training: { optimizer: { kind: 'sgd', momentum: 0, nesterov: true } } },
        'Expected a number of more than 0, because nesterov is true, for training.optimizer.momentum but received 0',
      ],
      [
        { training: { optimizer: { kind: 'adamw', momentum: 0.9 } } },
        'Expected only kind, beta1, beta2, epsilon, weightDecay, decayNormsAndBiases for training.optimizer but received "momentum"',
      ],
      [
        { training: { averaging: { decay: 1.5 } } },
        'Expected a number of less than 1 for training.averaging.decay but received 1.5',
      ],
      [
        { method: { name: 'sumnas' }, training: { optimizer: { kind: 'adamw' } } },
        'Expected sgd, because method.name is sumnas, for training.optimizer.kind but received "adamw"',
      ],
      [{ precision: 'tf32' }, 'Expected float32 or bfloat16, because device is cpu, for precision but received "tf32"'],
      [
        { distributed: { backend: 'nccl' } },
        'Expected auto or gloo, because device is cpu, for distributed.backend but received "nccl"',
      ],
      [
        { method: { name: 'close' }, training: { averaging: {} } },
        'Expected none, because method.name is close, for training.averaging but received {}',
      ],
      [
        { method: { name: 'magic-a' }, training: { batchSize: 8, microBatchSize: 4 } },
        'Expected none, because method.name is magic-a, for training.microBatchSize but received 4',
      ],
      [{ space: { name: 'darts', cells: 0 } }, 'Expected a number of at least 1 for space.cells but received 0'],
      [{ training: { clipNorm: Number.NaN } }, 'Expected a number for training.clipNorm but received NaN'],
      [{ device: 'tpu' }, 'Expected cpu, cuda or such as cuda:1 for device but received "tpu"'],
      [{ method: { name: 'darts' } }, `Expected ${METHODS.join(', ')} for method.name but received "darts"`],
      [{ method: { name: 'spos', perEdge: true } }, 'Expected only name, sampling for method but received "perEdge"'],
      [
        { method: { name: 'pada', pathSchedule: { kind: 'constant' } } },
        'Expected a number for method.pathSchedule.value but received nothing',
      ],
      [{ method: { name: 'standalone', path: [] } }, 'Expected at least 1 value(s) for method.path but received []'],
      [
        { ranking: { subModels: 'some' } },
        'Expected a number or all, groundTruth for ranking.subModels but received "some"',
      ],
      [
        { data: { format: 'cifar10' } },
        'Expected a folder, because data.format is not embedded, for data.dir but received nothing',
      ],
      [
        { data: { format: 'png', dir: 'images' } },
        'Expected embedded, idx, npz, folder, cifar10, cifar100, imagenet16-120 for data.format but received "png"',
      ],
      [
        { data: { format: 'npz', dir: 'images', layout: 'CNHW' } },
        'Expected NCHW, NHWC for data.layout but received "CNHW"',
      ],
      [
        { data: { format: 'folder', dir: 'images', size: 0 } },
        'Expected a number of at least 1 for data.size but received 0',
      ],
      [
        { data: { format: 'cifar100', dir: 'images', checksums: 'no' } },
        'Expected true or false for data.checksums but received "no"',
      ],
      [
        { ranking: { subModels: 'groundTruth' } },
        'Expected a table, because ranking.subModels is groundTruth, for groundTruth but received nothing',
      ],
      [
        { space: { name: 'proxylessnas', layers: [4, 4] } },
        'Expected at least 6 value(s) for space.layers but received [4,4]',
      ],
      [
        { space: { name: 'proxylessnas', width: 0 } },
        'Expected a number of more than 0 for space.width but received 0',
      ],
      [
        { finding: {} },
        'Expected random, evolution, regularizedEvolution, localSearch, because the group has no default algorithm, for finding.algorithm but received nothing',
      ],
      [
        { finding: { algorithm: 'localSearch', population: 3 } },
        'Expected only algorithm, evaluations, limits, objectives, published, latency, imageCount, batchSize, top for finding but received "population"',
      ],
      [
        { finding: { algorithm: 'random', limits: { parameters: -1 } } },
        'Expected a number of at least 0 or a group of settings for finding.limits.parameters but received -1',
      ],
      [
        { finding: { algorithm: 'random', limits: { flops: { min: 5, max: 1 } } } },
        'Expected a group with min, max or both, min at most max for finding.limits.flops but received {"min":5,"max":1}',
      ],
      [
        { finding: { algorithm: 'random', limits: { weight: 1 } } },
        'Expected only parameters, multiplyAdds, flops, latency for finding.limits but received "weight"',
      ],
      [
        { finding: { algorithm: 'random', objectives: ['flops'] } },
        'Expected accuracy, and others once each, for finding.objectives but received ["flops"]',
      ],
      [
        { finding: { algorithm: 'evolution', population: 10, mutations: 8, crossovers: 3 } },
        'Expected at least mutations and crossovers together for finding.population but received 10',
      ],
      [
        { finding: { algorithm: 'random' }, method: { name: 'standalone', path: [1] } },
        'Expected another method, because there is one path only to find in standalone, for method.name but received "standalone"',
      ],
      [
        { data: { mean: [0.5, 125.3] } },
        'Expected numbers from 0 to 1, in units of pixel value / 255, for data.mean[1] but received 125.3',
      ],
      [
        { data: { std: [1e-30] } },
        'Expected numbers from 0.0004 to 1, in units of pixel value / 255, for data.std[0] but received 1e-30',
      ],
      [
        { data: { format: 'npz', dir: 'x', validation: 'val', validationCount: 5 } },
        'Expected none, because data.validationCount holds out training images, for data.validation but received "val"',
      ],
      [{ space: null }, 'Expected a group of settings for space but received null'],
      [{ name: 'a b' }, 'Expected letters, digits, dots, dashes and underscores for name but received "a b"'],
    ]
    for (const [settings, message] of cases) {
      expect(await refusal(() => parseConfig(settings))).toBe(`${message} (the configuration)`)
    }
  })

  it('names all mistakes at once', async () => {
    const message = await refusal(() =>
      parseConfig({
        seed: -1,
        data: { format: 'idx', downsample: 0 },
        training: { epochs: 'many' },
        speed: 1,
      } as object),
    )
    expect(message.split('\n')).toEqual([
      'Expected valid settings in the configuration but received 5 problems:',
      '  Expected a number of at least 0 for seed but received -1',
      '  Expected a number of at least 1 for data.downsample but received 0',
      '  Expected a folder, because data.format is not embedded, for data.dir but received nothing',
      '  Expected a number for training.epochs but received "many"',
      expect.stringContaining('but received "speed"'),
    ])
  })
})

describe('loadConfig', () => {
  it('takes the name of the file, and paths relative to it', async () => {
    const config = await loadConfig({
      file: file('data: { format: cifar10, dir: images }\ngroundTruth: { file: tables/t.csv, column: test }\n'),
    })
    expect(config.name).toBe('my-search')
    expect(config.data.dir).toBe(join(folder, 'images'))
    expect(config.groundTruth).toEqual({ file: join(folder, 'tables/t.csv'), column: 'test' })
  })

  it('lets --set win over the file and overrides over both; paths there are relative to the working directory', async () => {
    const config = await loadConfig({
      file: file('seed: 1\ntraining: { epochs: 5, batchSize: 8 }\nmethod: { name: pada, perEdge: true }\n'),
      set: [
        'training.epochs=6',
        'seed=2',
        'data.format=cifar10',
        'data.dir=images',
        'method={name: spos}',
        'ranking.subModels=all',
      ],
      overrides: { seed: 3, training: { optimizer: { kind: 'sgd', momentum: 0.5 } } },
    })
    expect(config.seed).toBe(3)
    expect(config.training).toMatchObject({
      epochs: 6,
      batchSize: 8,
      optimizer: { kind: 'sgd', momentum: 0.5, weightDecay: 2.5e-4 },
    })
    expect(config.data.dir).toBe(resolve('images'))
    expect(config.method).toEqual({ name: 'spos', sampling: 'uniform' })
  })

  it('keeps the name of the embedded table', async () => {
    const config = await loadConfig({ file: file('groundTruth: { file: embedded }') })
    expect(config.groundTruth).toEqual({ file: 'embedded' })
  })

  it.each([
    ['idx', { set: ['data.format=idx', 'data.dir=x'] }],
    ['npz', { set: ['data={format: npz, dir: x}'] }],
    ['folder', { overrides: { data: { format: 'folder', dir: 'x' } } }],
  ] as const)('takes from the default file nothing that is about its data, for %s', async (format, sources) => {
    const lines: string[] = []
    const config = await loadConfig({ ...sources, log: (line) => lines.push(line) })
    expect(config.data).toEqual({ format, dir: resolve('x') })
    expect(config.groundTruth).toBeUndefined()
    expect(config.ranking).toMatchObject({ subModels: 200, batchSize: 500 })
    expect(config.ranking.imageCount).toBeUndefined()
    expect(config.name).toBe('search')
    expect(config.training.epochs).toBe(40)
    expect(lines).toEqual([
      `Left out the default settings of the embedded data, because data.format is ${format}: ` +
        '200 random sub-models are ranked (fewer if some compute the same), without ground truth',
    ])
  })

  it('keeps what is set over the default file for other data, and its choice of sub-models for another table', async () => {
    const lines: string[] = []
    const { data, groundTruth, ranking, name } = await loadConfig({
      set: ['data={format: idx, dir: x, padTo: 30}', 'groundTruth.file=t.csv', 'ranking.imageCount=50', 'name=mine'],
      log: (line) => lines.push(line),
    })
    expect(data).toEqual({ format: 'idx', dir: resolve('x'), padTo: 30 })
    expect(groundTruth).toEqual({ file: resolve('t.csv') })
    expect(ranking).toMatchObject({ subModels: 'groundTruth', imageCount: 50 })
    expect(name).toBe('mine')
    expect(lines).toEqual(['Left out the default settings of the embedded data, because data.format is idx'])
  })

  it('keeps the default file whole for the embedded data', async () => {
    const lines: string[] = []
    const config = await loadConfig({ set: ['data.format=embedded'], log: (line) => lines.push(line) })
    expect(config.data).toEqual({ format: 'embedded', padTo: 32, downsample: 2 })
    expect(config.groundTruth).toEqual({ file: 'embedded' })
    expect(lines).toEqual([])
  })

  it('refuses a folder of images whose format is not named', async () => {
    expect(await refusal(() => loadConfig({ set: ['data.dir=images'] }))).toContain(
      'Expected the format of the files, such as folder or cifar10, because data.dir names a folder, for data.format',
    )
  })

  it('refuses the embedded table that is named beside other data', async () => {
    const sentence =
      'Expected a table of these data, because data.format is idx, for groundTruth.file but received "embedded"'
    const data = ['data.format=idx', 'data.dir=x']
    const named = file('groundTruth: { file: embedded }')
    expect(await refusal(() => loadConfig({ file: named, set: data }))).toBe(`${sentence} (my-search.yaml)`)
    const byDefault = await refusal(() => loadConfig({ set: [...data, 'groundTruth.file=embedded'] }))
    expect(byDefault).toContain(sentence)
    expect(
      await refusal(() => parseConfig({ data: { format: 'idx', dir: 'x' }, groundTruth: { file: 'embedded' } })),
    ).toContain(sentence)
  })

  it('changes an entry of a list by its place, from 0', async () => {
    const augmentation = async (text: string, ...set: string[]) =>
      (await loadConfig({ file: file(text), set })).training.augmentation
    const [crop, flip] = await augmentation('')
    expect(await augmentation('', 'training.augmentation.0.padding=7')).toEqual([{ ...crop, padding: 7 }, flip])
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

  it('refuses files that are missing, no YAML, or no settings', async () => {
    expect(await refusal(() => loadConfig({ file: join(folder, 'none.yaml') }))).toBe(
      'Expected a readable YAML file for --config but received no such file: none.yaml; npx pada-native config --list names those of the package',
    )
    expect(await refusal(() => loadConfig({ file: file('a: 1\nb: [1,\n') }))).toMatch(
      /^Expected valid YAML for my-search.yaml but received an error in line \d: /,
    )
    expect(await refusal(() => loadConfig({ file: file('seed: 1\nseed: 2\n') }))).toMatch(/error in line 2: .*unique/)
    expect(await refusal(() => loadConfig({ file: file(`# ${'x'.repeat(2 ** 20)}`) }))).toBe(
      'Expected a YAML file of at most 1 MB for --config but received 1048578 bytes: my-search.yaml',
    )
    expect(await refusal(() => loadConfig({ file: file('[1, 2]') }))).toBe(
      'Expected a group of settings in my-search.yaml but received [1,2]',
    )
  })
})

describe('YAML that is no settings', () => {
  it.each([
    ['data: *missing', /^Expected valid YAML for my-search.yaml but received an error: Unresolved alias/],
    ['data: &a [*a]', /^Expected valid YAML for my-search.yaml but received an error: a value that contains itself/],
    ['{ a: 1 }: 2', /^Expected text for every key for my-search.yaml but received a key that is a list or a group/],
    ['training: { constructor: 1 }', /received "constructor"/],
    ['data: !!binary aGk=', /^Expected a group of settings for data but received "aGk="/],
    ['method: { kind: spos }', /received nothing: write `name: spos`, not `kind: spos` \(my-search.yaml\)$/],
  ])('%s', async (text, sentence) => {
    expect(await refusal(() => loadConfig({ file: file(text) }))).toMatch(sentence)
  })

  it('does not change other objects', async () => {
    const text = 'training: { __proto__: { polluted: 1 } }'
    expect(await refusal(() => loadConfig({ file: file(text) }))).toBe(
      'Expected the names of settings for my-search.yaml but received "__proto__"',
    )
    const overrides = JSON.parse('{ "__proto__": { "polluted": 1 } }')
    expect(await refusal(() => loadConfig({ file: file(''), overrides }))).toBe(
      'Expected the names of settings for the settings but received "__proto__"',
    )
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('configs/', () => {
  const shipped = (name: string) => resolve('configs', name)
  const place = ['data.dir=x', 'groundTruth.file=y', 'groundTruth.column=cifar10_test']

  it("has the paper's configuration, which is the default of every setting", async () => {
    const config = await loadConfig({ file: shipped('nasbench201-cifar10.yaml'), set: place })
    expect(config.name).toBe('nasbench201-cifar10')
    const { training, space, ranking, method } = parseConfig({})
    expect(config).toMatchObject({ training, space, ranking, method })
  })

  it('has a short one of it, and a default on embedded data; each also for SPOS', async () => {
    const short = await loadConfig({ file: shipped('nasbench201-cifar10-short.yaml'), set: place })
    // Seven epochs of 1,563 steps: the “some 10,000 updates” that its comment promises.
    expect(short.training.epochs * Math.ceil(50_000 / short.training.batchSize)).toBe(10_941)
    const fashion = await loadConfig({ set: ['method.name=spos'] })
    expect(fashion.method).toEqual({ name: 'spos', sampling: 'uniform' })
    const bySize = await loadConfig({ set: ['method.sampling=modelSize', 'method.name=spos'] })
    expect(bySize.method).toEqual({ name: 'spos', sampling: 'modelSize' })
    const inCode = await loadConfig({ overrides: { method: { name: 'spos' } } })
    expect(inCode.method).toEqual({ name: 'spos', sampling: 'uniform' })
    const same = await loadConfig({
      set: ['method.name=pada'],
      overrides: { method: { name: 'pada', data: 'shuffle' } },
    })
    expect(same.method).toMatchObject({ data: 'shuffle', dataSchedule: { kind: 'linear', end: 0.5 } })
    expect(fashion.groundTruth?.file).toBe('embedded')
  })

  it('has one of NAS-Bench-Macro, and small ones of it and of ProxylessNAS on embedded data', async () => {
    const macro = await loadConfig({ file: shipped('nasbench-macro-cifar10.yaml'), set: ['data.dir=x'] })
    expect(macro.space).toEqual({ name: 'nasbench-macro', channels: 32 })
    for (const name of ['nasbench-macro', 'proxylessnas'] as const) {
      const { space, data } = await loadConfig({ file: shipped(`${name}-smoke.yaml`) })
      expect([space.name, data.format]).toEqual([name, 'embedded'])
    }
  })

  it('names files after their searches', async () => {
    const macro = ['nasbench-macro-cifar10', 'nasbench-macro-smoke']
    const proxyless = ['proxylessnas-imagenet', 'proxylessnas-smoke']
    const nasbench201 = ['nasbench201-cifar10', 'nasbench201-cifar10-short', 'nasbench201-fashion']
    for (const name of [...nasbench201, ...macro, ...proxyless]) {
      expect(parse(readFileSync(shipped(`${name}.yaml`), 'utf8')).name).toBe(name)
    }
  })
})

it('a file may have any name: the name of the search is made of it', () => {
  const names = {
    'my search (1).yaml': 'my-search-1',
    'größe.yaml': 'größe',
    'a/b.c-d.yml': 'b.c-d',
    '!.yaml': 'search',
  }
  for (const [file, name] of Object.entries(names)) {
    expect(nameOfFile(file)).toBe(name)
    expect(parseConfig({ name }).name).toBe(name)
  }
})
