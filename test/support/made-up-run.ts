/** Run folders that no run made, for tests of reports: they take no time and need nothing native. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type ConfigInput, parseConfig, parseRetrainConfig } from '../../src/config/index.js'
import { writeSafetensors } from '../../src/formats/safetensors.js'

const OPERATIONS = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3']
const ARCH = '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|'
const PATH = [3, 0, 1, 0, 4, 2]

export const MACHINE = {
  padaNative: '0.1.0',
  torch: '2.15.0',
  node: '20.0.0',
  platform: 'linux x64',
  cpu: 'Processor <of> tests',
  cores: 4,
  threads: 2,
  cpuCapability: 'AVX2',
  memory: 8 * 2 ** 30,
}

/** Epoch e of PA&DA: the loss is 2 − e/10, the gradient variance 1e-4/(e + 1). */
export function epochEvent(epoch: number) {
  const variance = 1e-4 / (epoch + 1)
  const share = 0.2 + 0.02 * epoch
  return {
    event: 'epoch',
    epoch,
    loss: 2 - epoch / 10,
    accuracy: 0.2 + epoch / 20,
    accuracyTop5: 0.6,
    gradientVariance: variance,
    gradientVarianceByOperation: { nor_conv_1x1: 2 * variance, nor_conv_3x3: variance / 2 },
    gradientVarianceCandidates: variance / 3,
    neverSampled: 0,
    pathDistribution: OPERATIONS.map((_, k) => (k === 3 ? share : (1 - share) / 4)),
    learningRate: 0.05,
    seconds: 10,
    imagesPerSecond: 100,
  }
}

interface SearchOptions {
  readonly epochs?: number
  readonly dataset?: string
  readonly settings?: ConfigInput
}

/** A search that ranked 30 sub-models, the i-th with accuracy 0.9 − i/100 and truth 90 − i %, and tried 12. */
export function makeSearchRun(folder: string, { epochs = 4, dataset = 'made up', settings }: SearchOptions = {}): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const config = parseConfig({
    name: 'made-up',
    training: { epochs: 4 },
    finding: { algorithm: 'random', evaluations: 12, limits: { multiplyAdds: 600_000 } },
    ...settings,
  } as ConfigInput)
  write('config.yaml', stringify(config))
  const about = { space: 'nasbench201', method: 'pada', dataset, groundTruth: null }
  const start = { event: 'start', run: folder, ...about, parameters: 1234, epochs: 4, machine: MACHINE, warnings: [] }
  const events = [start, ...Array.from({ length: epochs }, (_, e) => epochEvent(e))]
  write('events.jsonl', events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const ranked = Array.from({ length: 30 }, (_, i) => ({ accuracy: (90 - i) / 100, groundTruth: 90 - i }))
  const rows = ranked.map(({ accuracy, groundTruth }, i) => `${i + 1},"${PATH}",${ARCH},${accuracy},1,${groundTruth}`)
  write('ranking.csv', `${['rank,path,arch,accuracy,loss,groundTruth', ...rows].join('\n')}\n`)
  // Accuracy rises with cost, except for the last, which every other dominates in accuracy.
  const tried = Array.from({ length: 12 }, (_, i) => [i === 11 ? 0.1 : 0.5 + i / 100, 1000 * (i + 1), 50_000 * (i + 1)])
  const found = tried.map(([accuracy, parameters, adds]) =>
    [1, `"${PATH}"`, ARCH, accuracy, parameters, adds, 2 * adds, '', 'random'].join(),
  )
  const header = 'front,path,arch,accuracy,parameters,multiplyAdds,flops,groundTruth,origin'
  write('found.csv', `${[header, ...found].join('\n')}\n`)
  const top = ranked.slice(0, 10).map((one) => ({ path: PATH, arch: ARCH, ...one }))
  const numbers = { kendallTau: 1, spearman: 1, bestFound: 90, regret: 0.5, ranked: 30, withGroundTruth: 30 }
  const result = { event: 'result', ...about, epochs, seconds: 65, ...numbers, top, run: folder }
  write('summary.json', JSON.stringify(result))
}

/** Adds a checkpoint that knows how images are drawn. `draws` are expected draws; their mean is 1. */
export async function addImportance(folder: string, draws: readonly number[], images: string): Promise<void> {
  const checkpoint = join(folder, 'checkpoint')
  mkdirSync(checkpoint)
  const data = Float64Array.from(draws, (value) => value / draws.length)
  await writeSafetensors(join(checkpoint, 'state.safetensors'), [
    ['method.dataProbabilities', { shape: [data.length], data }],
  ])
  writeFileSync(join(checkpoint, 'state.json'), JSON.stringify({ identity: { trainingImages: images } }))
}

/** A retraining of two epochs with averaged weights. */
export function makeRetraining(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const config = parseRetrainConfig({
    network: { space: 'nasbench-macro', path: '02012100' },
    training: { epochs: 2 },
  })
  writeFileSync(join(folder, 'config.yaml'), stringify(config))
  const epochs = [0, 1].map((epoch) => ({
    event: 'epoch',
    epoch,
    loss: 1 - epoch / 10,
    testLoss: 1.1 - epoch / 10,
    trainTop1: 0.5,
    trainTop5: 0.9,
    top1: 0.4 + epoch / 10,
    top5: 0.9,
    top1Averaged: 0.3 + epoch / 5,
    top5Averaged: 0.9,
    learningRate: 0.1,
    seconds: 5,
    imagesPerSecond: 10,
  }))
  writeFileSync(join(folder, 'events.jsonl'), epochs.map((event) => `${JSON.stringify(event)}\n`).join(''))
}
