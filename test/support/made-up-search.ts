/** A search that never ran, as events, and what reporters write of it. */
import { PassThrough } from 'node:stream'
import type { Reporter } from '../../src/cli/output/reporter.js'
import type { EpochEvent, ResultEvent, SearchEvent } from '../../src/search/events.js'
import { MACHINE } from './made-up-run.js'

/** An architecture of NAS-Bench-201. */
export const ARCH = '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|'

/** What it ends with. */
export const result: ResultEvent = {
  event: 'result',
  space: 'nasbench201',
  method: 'pada',
  dataset: 'fashion-mnist',
  images: { train: { split: 'train', images: 320 }, test: { split: 't10k', images: 100 }, notes: [] },
  groundTruth: {
    file: '/tables/mine.csv',
    column: 'accuracy',
    architectures: 200,
    leftOut: 0,
    unit: 'percent',
    digest: '0',
  },
  computedFrom: { images: { train: 'a', test: 'b' }, weights: 'c' },
  epochs: 2,
  seconds: 151,
  kendallTau: 0.4123,
  spearman: 0.5512,
  precisionAtTop: { '5%': 0.4 },
  bestFound: 86.1,
  regret: 0.4,
  gradientVariance: [2.8e-5, 2.1e-6],
  pathDistribution: [0.2, 0.2, 0.2, 0.2, 0.2],
  top: [
    { path: [3, 0, 3, 3, 3, 2], arch: ARCH, accuracy: 0.8431, groundTruth: 86.1 },
    { path: [3, 3, 3, 3, 3, 3], arch: ARCH, accuracy: 0.84, groundTruth: null },
  ],
  ranked: 300,
  withGroundTruth: 200,
  run: 'runs/a',
}

/** One of its epochs, from 0. */
export const epoch = (index: number): EpochEvent => ({
  event: 'epoch',
  epoch: index,
  loss: 1.5,
  accuracy: 0.4,
  accuracyTop5: 0.9,
  gradientVariance: 2.8e-5,
  gradientVarianceByOperation: { nor_conv_1x1: 1e-5, nor_conv_3x3: null },
  gradientVarianceCandidates: 1e-5,
  neverSampled: 0,
  pathDistribution: [0.2, 0.2, 0.2, 0.2, 0.2],
  learningRate: 0.05,
  seconds: 3,
  imagesPerSecond: 5210,
})

/** The events of a whole search. */
export const search: SearchEvent[] = [
  {
    event: 'start',
    run: 'runs/a',
    space: 'nasbench201',
    method: 'pada',
    dataset: 'fashion-mnist',
    images: {
      train: { split: 'train', images: 2000 },
      validation: { split: 'valid', images: 320 },
      test: { split: 'test', images: 100 },
      notes: ['extra is not used', 'train: 3 of 2000 images are CMYK and are converted to RGB'],
    },
    input: { channels: 1, height: 16, width: 16 },
    groundTruth: null,
    parameters: 12345,
    stepsPerEpoch: 10,
    machine: MACHINE,
    epochs: 2,
    evaluation: { images: 200, of: 1000, batches: 2, order: 'stratified', batchStatistics: true },
    finding: { algorithm: 'localSearch', limits: { parameters: { max: 30_000 }, flops: { min: 5, max: 400_000 } } },
    warnings: ['no test image is of class 3 (of 0 to 9)'],
  },
  { event: 'step', epoch: 0, step: 5, steps: 10, images: 320, seconds: 0.1, loss: 2.3 },
  epoch(0),
  { event: 'checkpoint', epoch: 1, step: 0 },
  epoch(1),
  { event: 'evaluated', done: 1, total: 2, path: [0, 0, 0, 0, 0, 0], accuracy: 0.1 },
  { event: 'evaluated', done: 2, total: 2, path: [1, 0, 0, 0, 0, 0], accuracy: 0.2 },
  result,
]

/** What a reporter writes to its stream over the events of a whole search. */
export function written(create: (stream: PassThrough) => Reporter): string {
  const stream = new PassThrough()
  const reporter = create(stream)
  for (const event of search) reporter.event(event)
  reporter[Symbol.dispose]()
  return stream.read()?.toString() ?? ''
}

/** What cli-progress asks of a terminal. */
export function terminal() {
  return { isTTY: true, columns: 100, cursorTo() {}, clearLine() {}, moveCursor() {}, clearScreenDown() {} }
}
