import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { decimal, duration, percent, rounded, scientific, sparkline } from '../../../src/base/format.js'
import { Pace } from '../../../src/base/pace.js'
import { toAscii } from '../../../src/cli/output/ascii.js'
import { BarReporter } from '../../../src/cli/output/bars.js'
import { describeDiscarded } from '../../../src/cli/output/discarded.js'
import { ExperimentReporter } from '../../../src/cli/output/experiment.js'
import { firstThatFits, fold } from '../../../src/cli/output/fit.js'
import { JsonReporter } from '../../../src/cli/output/json.js'
import { LineReporter } from '../../../src/cli/output/lines.js'
import type { Reporter } from '../../../src/cli/output/reporter.js'
import { renderResult } from '../../../src/cli/output/result.js'
import { describeStart } from '../../../src/cli/output/start.js'
import type { RetrainEvent } from '../../../src/retraining/events.js'
import type { EpochEvent, ResultEvent, SearchEvent, StartEvent } from '../../../src/search/events.js'
import { MACHINE } from '../../support/made-up-run.js'

describe('what is discarded', () => {
  const discarded = (records: number | undefined, ...changed: string[]) =>
    describeDiscarded({ event: 'discarded', file: 'evaluated.jsonl', records, changed })

  test('is said in one line, with the reason', () => {
    expect(discarded(20, 'images')).toBe('discarded 20 records of evaluated.jsonl, made from other images')
    expect(discarded(1, 'weights', 'batchSize')).toBe(
      'discarded 1 record of evaluated.jsonl, made from other weights and with another batch size',
    )
    expect(discarded(3, 'threads')).toBe('discarded 3 records of evaluated.jsonl, made with another threads')
    expect(discarded(undefined, 'rule')).toBe(
      'removed evaluated.jsonl, which was made by an earlier version, which did not keep what they were computed from',
    )
  })
})

const ARCH = '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|'

const result: ResultEvent = {
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

const epoch = (index: number): EpochEvent => ({
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

const search: SearchEvent[] = [
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
function written(create: (stream: PassThrough) => Reporter): string {
  const stream = new PassThrough()
  const reporter = create(stream)
  for (const event of search) reporter.event(event)
  reporter[Symbol.dispose]()
  return stream.read()?.toString() ?? ''
}

describe('numbers as people read them', () => {
  test('durations', () => {
    expect([0.2, 9.4, 60, 151, 3600, 11100].map(duration)).toEqual([
      '0 s',
      '9 s',
      '1 min',
      '2 min 31 s',
      '1 h',
      '3 h 5 min',
    ])
    expect(duration(Number.NaN)).toBe('–')
    expect(duration(Number.POSITIVE_INFINITY)).toBe('–')
  })

  test('unknown numbers are dashes', () => {
    expect([percent(null), decimal(undefined), scientific(Number.NaN)]).toEqual(['–', '–', '–'])
  })

  test('a sparkline spans its range on a logarithmic scale', () => {
    expect(sparkline([1e-4, 1e-5, 1e-6])).toBe('█▄▁')
    expect(sparkline([3, 3])).toBe('▁▁')
    expect(sparkline([])).toBe('')
    expect(sparkline([0, 1])).toBe('▁█')
    expect(sparkline(Array.from({ length: 1000 }, (_, i) => i + 1))).toHaveLength(60)
  })

  test('large numbers in three digits', () => {
    expect([8514, 259_232, 1_200_000, 12].map(rounded)).toEqual(['8.51K', '259K', '1.20M', '12.0'])
  })

  test('pace follows the recent past', () => {
    let now = 0
    const pace = new Pace(() => now)
    expect(pace.observe(0)).toBeUndefined()
    now = 1
    expect(pace.observe(100)).toBe(100)
    now = 61
    expect(pace.observe(100 + 60 * 10)).toBeCloseTo(10, 1)
  })
})

describe('reporters', () => {
  test('plain lines carry no control characters', () => {
    const text = written((stream) => new LineReporter(stream))
    expect(stripVTControlCharacters(text)).toBe(text)
    expect(text).not.toContain('\r')
    expect(text).toContain('pada on nasbench201, fashion-mnist: 2 epochs of 10 steps, 12,345 weights')
    const images =
      '200 of 1,000 test images, stratified by class, in 2 batches; batch norms use the statistics of a batch'
    const finding = 'finding by localSearch, within parameters ≤ 30,000, flops in 5…400,000'
    expect(text).toContain(`ranking on ${images}\n${finding}\nnote: no test image is of class 3 (of 0 to 9)\n`)
    expect(text).toContain(
      'images: 2,000 to train · 320 to validate (valid) · 100 to test\nextra is not used\ntrain: 3 of 2000',
    )
    expect(text).toContain('epoch 1/2 · loss 1.500 · GV 2.80e-5 · 5,210 images/s')
    expect(text).toContain('2/2 sub-models')
  })

  test('plain lines have each epoch once, with its own gradient variance', () => {
    const step = (epoch: number, step: number): SearchEvent => ({
      ...{ event: 'step', epoch, step, steps: 10, images: 64 * step, seconds: epoch + step / 10, loss: 1.5 },
    })
    const stream = new PassThrough()
    const reporter = new LineReporter(stream)
    const epochs = [0, 1].flatMap((index): SearchEvent[] => [
      ...Array.from({ length: 10 }, (_, i) => step(index, i + 1)),
      { ...epoch(index), gradientVariance: index === 0 ? 2.8e-5 : 1.7e-6 },
    ])
    for (const event of [search[0], ...epochs]) reporter.event(event)
    const lines = stream.read().toString().trimEnd().split('\n')
    expect(lines.filter((line: string) => line.startsWith('epoch'))).toEqual([
      expect.stringContaining('epoch 1/2 · loss 1.500 · GV 2.80e-5 · 5,210 images/s'),
      expect.stringContaining('epoch 2/2 · loss 1.500 · GV 1.70e-6 · 5,210 images/s'),
    ])
  })

  test('an experiment says once what is odd in the data that its searches share', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const reporter = new ExperimentReporter({ json: false })
    for (const cell of ['a', 'b']) reporter.event({ event: 'search', cell, search: search[0] })
    const lines = write.mock.calls.map(([line]) => line)
    write.mockRestore()
    expect(lines).toEqual(['note: no test image is of class 3 (of 0 to 9)\n'])
  })

  test('json lines leave progress out, end with the result, and keep people apart', () => {
    const human = new PassThrough()
    const lines = written((stream) => new JsonReporter(stream, new LineReporter(human)))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => line.event)).toEqual(['start', 'epoch', 'checkpoint', 'epoch', 'result'])
    expect(lines.at(-1)).toEqual(JSON.parse(JSON.stringify(result)))
    expect(human.read().toString()).toContain('Kendall tau')
  })

  test('bars show the cursor again', () => {
    const text = written(
      (stream) => new BarReporter(Object.assign(stream, terminal()) as unknown as NodeJS.WriteStream),
    )
    expect(text).toContain('training')
    expect(text).toContain('ranking')
    expect(text).toContain('GV 2.80e-5')
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'))
  })
})

describe('a terminal of another kind', () => {
  /** The bar of the training at its end, at a width. */
  const barAt = (columns: number, ascii = false) => {
    const stream = (through: PassThrough) =>
      Object.assign(through, terminal(), { columns }) as unknown as NodeJS.WriteStream
    const text = written((through) => new BarReporter(stream(through), { ascii }))
    const last = stripVTControlCharacters(text).split('training ').at(-1)
    return `training ${last?.split('\n')[0]}`
  }

  test('of any width has a bar that fits, whose position and time left go last', () => {
    expect(barAt(120)).toMatch(/^training ━{24} 100 % · epoch 2\/2 · loss 1\.500 · GV 2\.80e-5 · 5,210 images\/s$/)
    expect(barAt(68)).toMatch(/^training ━{12} 100 % · epoch 2\/2 · loss 1\.500 · GV 2\.80e-5$/)
    expect(barAt(40)).toMatch(/^training ━{12} 100 % · epoch 2\/2$/)
    expect(barAt(30)).toBe('training 100 % · epoch 2/2')
    expect(barAt(16)).toBe('training 100 %')
  })

  test('that knows ASCII only is given nothing else', () => {
    expect(barAt(120, true)).toMatch(/^training ={24} 100 % \| epoch 2\/2 \|/)
    const lines = written((stream) => new LineReporter(stream, { ascii: true }))
    expect(lines).not.toMatch(/[^\p{ASCII}]/u)
    expect(toAscii('“é” 1 ± 2 → ▁█ ┌─┐')).toBe('"é" 1 +- 2 -> _# +-+')
  })

  test.each([100, 80, 60, 45, 40])('of %i columns has tables that fit', (columns) => {
    const path = new Array(14).fill(3)
    const best = [{ ...result.top[0], path, costs: { parameters: 8514, multiplyAdds: 259_232, flops: 564_042 } }]
    const found = { algorithm: 'evolution', evaluations: 3, objectives: ['accuracy'], best }
    const lines = renderResult({ ...result, top: best, found }, { color: false, columns })
    const tables = lines.filter((line) => /[│─]/.test(line))
    expect(tables.length).toBeGreaterThan(6)
    for (const line of tables) expect(line.length, line).toBeLessThanOrEqual(columns)
    // Paths may be broken, but lack nothing.
    expect(tables.join('').match(/(?<![\d.])3(?=[,  ])/g)).toHaveLength(28)
  })

  test('has lines broken at spaces, and long words whole', () => {
    expect(fold('one two three', 8)).toEqual(['one two', '  three'])
    expect(fold('a/very/long/path b', 8)).toEqual(['a/very/long/path', '  b'])
    expect(fold('one two three', undefined)).toEqual(['one two three'])
    expect(firstThatFits(3, [() => 'four', () => 'two\nsix'])).toEqual(['two', 'six'])
    expect(firstThatFits(1, [() => 'four', () => 'six'])).toEqual(['six'])
  })
})

describe('the result', () => {
  test('lists the best sub-models with path, architecture and both accuracies', () => {
    const text = renderResult(result, { color: false }).join('\n')
    expect(stripVTControlCharacters(text)).toBe(text)
    expect(text).toContain(ARCH)
    expect(text).toMatch(/3,0,3,3,3,2.*84\.31 %.*86\.10 %/)
    expect(text).toMatch(/Kendall tau +0\.412/)
    expect(text).toMatch(/Ranked first +86\.10 % \(regret 0\.40 %\)/)
    expect(text).toMatch(/2\.80e-5 → 2\.10e-6/)
  })

  test('breaks architectures on a narrow terminal', () => {
    const lines = renderResult(result, { color: false, columns: 90 })
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90)
  })

  test('breaks long genotypes after commas, and nothing else on a wide terminal', () => {
    const genotype = `Genotype(normal=[${new Array(8).fill("('sep_conv_3x3', 0)").join(', ')}])`
    const long = `|${'nor_conv_3x3~0|'.repeat(8)}`
    const top = [genotype, long].map((arch) => ({ ...result.top[0], arch }))
    const text = renderResult({ ...result, top }, { color: false }).join('\n')
    expect(text).toContain(long)
    expect(text).not.toContain(genotype)
    expect(text.replace(/[\s│]+/g, '')).toContain(genotype.slice(0, 60).replaceAll(' ', ''))
  })

  test('shows small accuracies of a table in percent as they are', () => {
    const top = [{ ...result.top[0], groundTruth: 0.83 }]
    const text = renderResult({ ...result, top, bestFound: 0.83, regret: 0 }, { color: false }).join('\n')
    expect(text).toContain('0.83 % (regret 0.00 %)')
    expect(text).toMatch(/84\.31 %.*│ +0\.83 %/)
  })

  test('names table and column, and what was left out or converted', () => {
    const lines = (groundTruth: typeof result.groundTruth) => renderResult({ ...result, groundTruth }, { color: false })
    expect(lines(result.groundTruth)).toContain('Ground truth      mine.csv, column accuracy · 200 architectures')
    expect(lines({ ...result.groundTruth!, column: 'cifar100_test', leftOut: 3, unit: 'fraction' })).toContain(
      'Ground truth      mine.csv, column cifar100_test · 200 architectures · 3 left out, which have no number · ' +
        'fractions, read as percent / 100',
    )
  })

  test('does without a ground truth, and without a ranking', () => {
    const unknown = {
      ...result,
      kendallTau: null,
      spearman: null,
      bestFound: null,
      regret: null,
      withGroundTruth: 0,
      groundTruth: null,
    }
    const text = renderResult(unknown, { color: false }).join('\n')
    expect(text).toContain('Ground truth      none: nothing tells how good the ranking is')
    expect(text).not.toContain('Kendall')
    const missed = renderResult({ ...unknown, groundTruth: result.groundTruth }, { color: false })
    expect(missed.filter((line) => line.startsWith('Ground truth'))).toEqual([
      'Ground truth      mine.csv, column accuracy · 200 architectures · none of the 300 ranked sub-models',
    ])
    const trained = renderResult({ ...unknown, ranked: 0, top: [] }, { color: false }).join('\n')
    expect(trained).toMatch(/^pada on .*\nGradient variance .*\nRun folder /)
  })
})

/** What cli-progress asks of a terminal. */
function terminal() {
  return { isTTY: true, columns: 100, cursorTo() {}, clearLine() {}, moveCursor() {}, clearScreenDown() {} }
}

describe('a retraining', () => {
  const arch = '02012100'
  const events: RetrainEvent[] = [
    {
      event: 'start',
      run: 'runs/b',
      space: 'nasbench-macro',
      arch,
      dataset: 'cifar10',
      images: { train: { split: 'train', images: 100 }, test: { split: 'test', images: 50 }, notes: [] },
      warnings: ['no test image is of class 3 (of 0 to 9)'],
      input: { channels: 3, height: 32, width: 32 },
      classes: 10,
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      parameters: 890_666,
      stepsPerEpoch: 10,
      machine: MACHINE,
      epochs: 2,
      origin: 'found 1 in runs/a',
      initial: 'runs/a',
    },
    { event: 'step', epoch: 0, step: 10, steps: 10, images: 100, seconds: 1, loss: 1.5 },
    {
      event: 'epoch',
      epoch: 0,
      loss: 1.5,
      trainTop1: 0.4,
      trainTop5: 0.8,
      testLoss: 1.4,
      top1: 0.5,
      top5: 0.9,
      top1Averaged: 0.45,
      top5Averaged: 0.85,
      learningRate: 0.1,
      seconds: 3,
      imagesPerSecond: 5210,
    },
    {
      event: 'result',
      space: 'nasbench-macro',
      arch,
      dataset: 'cifar10',
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      parameters: 890_666,
      epochs: 2,
      seconds: 7,
      top1: 0.5,
      top5: 0.9,
      top1Averaged: 0.45,
      top5Averaged: 0.85,
      loss: 1.5,
      testLoss: 1.4,
      best: { epoch: 0, top1: 0.51, top5: 0.92, weights: 'averaged' },
      run: 'runs/b',
    },
  ]

  test('in lines: what begins, the test accuracy of each epoch, and the best one', () => {
    const stream = new PassThrough()
    const reporter = new LineReporter(stream)
    for (const event of events) reporter.event(event)
    const text = stream.read().toString()
    expect(text).toContain('one network of nasbench-macro, cifar10: 2 epochs of 10 steps, 890,666 weights\n02012100\n')
    expect(text).toContain('architecture found 1 in runs/a\nimages: 100 to train · 50 to test\nbegins with')
    expect(text).toContain('note: no test image is of class 3 (of 0 to 9)\n')
    expect(text).toContain('begins with the weights of runs/a\n')
    expect(text).toContain('epoch 1/2 · loss 1.500 · test 50.00 %, averaged 45.00 % · 5,210 images/s')
    expect(text).toMatch(/^Test accuracy +50\.00 % top-1, 90\.00 % top-5$/m)
    expect(text).toMatch(/^Averaged +45\.00 % top-1, 85\.00 % top-5$/m)
    expect(text).toMatch(/^Best epoch +1: 51\.00 % top-1, 92\.00 % top-5, averaged$/m)
    expect(text).toMatch(/^Run folder +runs\/b$/m)
  })

  test('as JSON: every event but progress, unchanged', () => {
    const stream = new PassThrough()
    const reporter = new JsonReporter(stream, new LineReporter(new PassThrough()))
    for (const event of events) reporter.event(event)
    const lines = stream.read().toString().trimEnd().split('\n')
    expect(lines.map((line: string) => JSON.parse(line))).toEqual(events.filter(({ event }) => event !== 'step'))
  })
})

test('a continuation counts from 1, and does not go beyond the end', () => {
  const start = (epoch: number, step: number) =>
    describeStart({ ...(search[0] as StartEvent), epochs: 60, resumed: { epoch, step } }).at(-1)
  expect(start(0, 0)).toBe('continuing at epoch 1 of 60, step 1')
  expect(start(59, 3)).toBe('continuing at epoch 60 of 60, step 4')
  expect(start(60, 0)).toBe('trained: all 60 epochs are done')
})

test('a command that does not train says which weights it takes', () => {
  const start = (epoch: number, step: number) =>
    describeStart({ ...(search[0] as StartEvent), epochs: 60, phases: ['rank'], resumed: { epoch, step } }).at(-1)
  expect(start(16, 0)).toBe('weights after 16 of 60 epochs: training has not ended')
  expect(start(0, 1)).toBe('weights after 0 of 60 epochs and 1 step: training has not ended')
  expect(start(60, 0)).toBe('trained: all 60 epochs are done')
})

test('a start speaks of the phases that it runs', () => {
  const finding = { algorithm: 'localSearch', limits: { latency: { max: 2 } } }
  const start = (phases: StartEvent['phases']) =>
    describeStart({ ...(search[0] as StartEvent), finding, phases }).join('\n')
  expect(start(['train'])).not.toMatch(/ground truth|ranking on|finding by/)
  expect(start(['rank'])).toMatch(/ranking on/)
  expect(start(['rank'])).not.toMatch(/finding by/)
  expect(start(['find'])).toMatch(/finding by localSearch, within latency ≤ 2 ms/)
  expect(start(['find'])).not.toMatch(/ranking on/)
  expect(start(undefined)).toMatch(/ranking on.*finding by/s)
})

test('a resumed run without a checkpoint says that it begins anew', () => {
  expect(describeStart({ ...(search[0] as StartEvent), anew: true }).at(-1)).toBe(
    'the run has no checkpoint yet: its training begins anew',
  )
  expect(describeStart(search[0] as StartEvent).join()).not.toContain('anew')
})
