/** Settings that are given in code. */
import { describe, expect, it } from 'vitest'
import { AUGMENTATIONS } from '../../../src/config/augmentation.js'
import { parseConfig } from '../../../src/config/index.js'
import { METHODS } from '../../../src/config/methods.js'
import { refusalOf } from '../../support/refusal.js'

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
        by: 'accuracy',
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
      finding: { algorithm: 'evolution', limits: { flops: 1e6, latency: { min: 0 } } },
    })
    expect(finding).toEqual({
      algorithm: 'evolution',
      population: 50,
      generations: 20,
      parents: 10,
      mutations: 25,
      crossovers: 25,
      mutationProbability: 0.1,
      limits: { flops: { max: 1e6 }, latency: { min: 0 } },
      by: 'accuracy',
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
        // `training.augmentation=[{kind: flip, probability:1}]`, in which YAML reads one key.
        { training: { augmentation: [{ kind: 'flip', 'probability:1': null }] } },
        'Expected only kind, probability for training.augmentation[0] but received "probability:1": YAML wants a space after the colon',
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
        { training: { learningRate: -1, warmup: { epochs: 1 } } },
        'Expected a number of more than 0 for training.learningRate but received -1',
      ],
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
      [
        { method: { name: 'sumnas' }, training: { optimizer: { kind: 'sgd', nesterov: true } } },
        'Expected false, because method.name is sumnas, for training.optimizer.nesterov but received true',
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
        'Expected only algorithm, evaluations, limits, objectives, published, latency, imageCount, batchSize, by, top for finding but received "population"',
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
        { finding: { algorithm: 'random', limits: { flops: {} } } },
        'Expected a group with min, max or both, min at most max for finding.limits.flops but received {}',
      ],
      [
        { finding: { algorithm: 'regularizedEvolution', evaluations: 100 } },
        'Expected a number of more than population, because the first population is random, for finding.evaluations but received 100',
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
        'Expected a number of at least mutations + crossovers for finding.population but received 10',
      ],
      [
        { finding: { algorithm: 'random', objectives: ['accuracy', 'flops'], by: 'accuracyAndParameters' } },
        'Expected accuracy with several objectives, which give a Pareto front, for finding.by but received "accuracyAndParameters"',
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
      [
        { name: '.x' },
        'Expected letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore, for name but received ".x"',
      ],
      [
        { name: '..' },
        'Expected letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore, for name but received ".."',
      ],
      [
        { name: 'a b' },
        'Expected letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore, for name but received "a b"',
      ],
    ]
    for (const [settings, message] of cases) {
      expect(await refusalOf(() => parseConfig(settings))).toBe(`${message} (the configuration)`)
    }
  })

  it('names all mistakes at once', async () => {
    const message = await refusalOf(() =>
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
