import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { factsOf } from '../../../assets/watch/facts.js'
import * as page from '../../../assets/watch/format.js'
import { accuraciesOf, KINDS, legendOf } from '../../../assets/watch/kinds.js'
import { keptZoom } from '../../../assets/watch/zoom.js'
import * as terminal from '../../../src/base/format.js'
import { ProgressMeter } from '../../../src/cli/output/progress.js'
import type { RunOverview } from '../../../src/watch/messages.js'
import { readPageFiles } from '../../../src/watch/page-files.js'
import { RunLog } from '../../../src/watch/run-log.js'

const overview = (more: Partial<RunOverview>): RunOverview => ({
  id: 'a',
  state: 'finished',
  generation: 0,
  rows: 0,
  steps: { generation: 0, rows: 0 },
  about: { epochs: 90, stepsPerEpoch: 10 },
  latest: {},
  damaged: 0,
  changed: 0,
  ...more,
})

test('a result says what its lists are sorted by, unless it is the accuracy', () => {
  const factsWith = (more: object) => {
    const log = new RunLog()
    const found = { algorithm: 'random', best: [], ...('by' in more && { by: more.by }) }
    log.line(JSON.stringify({ event: 'result', kendallTau: null, bestFound: null, ranked: 3, top: [], found, ...more }))
    return factsOf(log.result!)
  }
  const plain = [
    ['Ranked', '3 sub-models'],
    ['Found by', 'random'],
  ]
  expect(factsWith({})).toEqual(plain)
  expect(factsWith({ rankedBy: 'accuracy', by: 'accuracy' })).toEqual(plain)
  expect(factsWith({ bestFound: 82.06, regret: 2.68 })).toContainEqual(['Ranked first', '82.06 % (regret 2.68 points)'])
  expect(factsWith({ rankedBy: 'loss', by: 'accuracyAndMultiplyAdds' })).toEqual([
    ['Ranked', '3 sub-models'],
    ['Ranked by', 'loss'],
    ['Found by', 'random, sorted by accuracy and multiply-adds: sum of ranks'],
  ])
  const taus = { kendallTau: 0.5, kendallTauWithParameters: 0.6, spearman: 0.7 }
  expect(factsWith({ ...taus, rankedBy: 'accuracyAndParameters' }).slice(2, 4)).toEqual([
    ['Kendall tau', '0.600, 0.500 by accuracy'],
    ['Spearman', '0.700 by accuracy'],
  ])
  expect(factsWith({ ...taus, rankedBy: 'loss' })).toContainEqual(['Kendall tau', '0.500 by accuracy'])
  expect(factsWith(taus)).toContainEqual(['Kendall tau', '0.500'])
})

describe('a finished run', () => {
  /** What is said of a run whose log has a number of epochs and this result. */
  const words = (rows: number, planned: number | undefined, result: object) => {
    const log = new RunLog()
    for (let epoch = 0; epoch < rows; epoch++) log.line(JSON.stringify({ event: 'epoch', epoch }))
    log.line(JSON.stringify({ event: 'result', seconds: 4, ...result }))
    return page.progressOf(overview({ rows: log.epochs.rows, about: { epochs: planned }, result: log.result })).words
  }

  test('has the epochs that were trained, not those that were planned', () => {
    expect(words(15, 90, { epochs: 15 })).toBe('15 of 90 epochs, 4 s')
    expect(words(90, 90, { epochs: 90 })).toBe('90 epochs, 4 s')
    expect(words(2, 2, { top1: 0.5, best: { epoch: 1 }, epochs: 2 })).toBe('2 epochs, 4 s')
    expect(words(1, 1, { epochs: 1 })).toBe('1 epoch, 4 s')
  })

  test('has those of the log if the result does not tell', () => {
    expect(words(15, 90, {})).toBe('15 of 90 epochs, 4 s')
    expect(words(3, undefined, {})).toBe('3 epochs, 4 s')
  })
})

test('a run says what it measures while training waits, in the words of the terminal', () => {
  for (const what of ['accuracy', 'gradientVariance'] as const) {
    const event = { event: 'measuring', epoch: 1, what } as const
    const progress = { phase: 'training', done: 20, total: 40, perSecond: null, time: 't', event } as const
    const saidOf = (state: RunOverview['state'], rows: number) =>
      page.progressOf(overview({ state, rows, about: { epochs: 4, stepsPerEpoch: 10 }, progress }))
    const { detail } = new ProgressMeter().update(event)
    expect(saidOf('running', 1)).toEqual({ words: 'epoch 2/4', fraction: 0.5, left: '', meanwhile: detail })
    // Once the epoch is in the log, the measurement is over. After a kill there is none.
    expect(saidOf('running', 2)).toEqual({ words: 'epoch 2/4', fraction: 0.5, left: '' })
    expect(saidOf('stopped', 1)).toEqual({ words: 'epoch 2/4', fraction: 0.5, left: '' })
  }
})

test('a run has no bar if its total is no number above 0', () => {
  const fractionOf = (rows: number, epochs: unknown) => {
    const about = { epochs, stepsPerEpoch: 10 } as RunOverview['about']
    return page.progressOf(overview({ state: 'stopped', rows, about })).fraction
  }
  expect([0, null, 'nine', undefined].map((epochs) => fractionOf(0, epochs))).toEqual(new Array(4).fill(undefined))
  expect(fractionOf(1, 4)).toBe(0.25)
})

test('the page writes numbers as the terminal does', () => {
  const seconds = [Number.NaN, -1, 0, 59.4, 59.5, 60, 61, 3599.5, 3600, 3629, 3630, 86400, 1e6]
  expect(seconds.map(page.duration)).toEqual(seconds.map((one) => terminal.duration(one)))
  const numbers = [null, undefined, Number.NaN, 0, -0.12345, 0.5, 1, 12345.678]
  for (const [ofPage, ofTerminal] of [
    [page.percent, terminal.percent],
    [page.decimal, terminal.decimal],
    [page.scientific, terminal.scientific],
  ]) {
    expect(numbers.map((one) => ofPage(one))).toEqual(numbers.map((one) => ofTerminal(one)))
  }
  expect([null, 1.234].map(page.points)).toEqual([null, 1.234].map(terminal.points))
})

test('one thing is singular', () => {
  expect([0, 1, 2, 1234].map((count) => page.counted(count, 'epoch'))).toEqual([
    '0 epochs',
    '1 epoch',
    '2 epochs',
    '1,234 epochs',
  ])
})

describe('what the user has enlarged', () => {
  test('stays so when data are added, from either end', () => {
    expect(keptZoom({ min: 2, max: 4 }, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6])).toEqual({ min: 2, max: 4 })
    expect(keptZoom({ min: 1, max: 4 }, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6])).toEqual({ min: 1, max: 4 })
    expect(keptZoom({ min: 3, max: 5 }, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6])).toEqual({ min: 3, max: 5 })
  })

  test('is nothing if all was shown, or if none of the data are in it', () => {
    expect(keptZoom({ min: 1, max: 5 }, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6])).toBeUndefined()
    expect(keptZoom({ min: null, max: null }, [1, 2], [1, 2, 3])).toBeUndefined()
    expect(keptZoom({ min: 0, max: 100 }, [], [1, 2])).toBeUndefined()
    // The log began anew.
    expect(keptZoom({ min: 3, max: 5 }, [1, 2, 3, 4, 5], [1, 2])).toBeUndefined()
  })
})

describe('accuracies', () => {
  test('of a search are those of training, and of a retraining both', () => {
    expect(accuraciesOf(overview({ latest: { accuracy: 0.25 } }))).toEqual({ training: 0.25, test: undefined })
    expect(accuraciesOf(overview({ latest: { top1: 0.5, trainTop1: 0.75 } }))).toEqual({ training: 0.75, test: 0.5 })
  })

  test('have a legend, and each kind of curve has dashes of its own', () => {
    expect(legendOf([])).toBe('')
    expect(legendOf(['training'])).toBe('training')
    expect(legendOf(['training', 'test'])).toBe('solid: training · dashed: test')
    const dashes = Object.values(KINDS).map(({ dash }) => String(dash))
    expect(new Set(dashes).size).toBe(dashes.length)
  })
})

test('the server has all scripts of the page', async () => {
  const files = await readPageFiles()
  const scripts = readdirSync(new URL('../../../assets/watch', import.meta.url)).filter((name) => name.endsWith('.js'))
  expect(scripts.filter((name) => !files.has(`/${name}`))).toEqual([])
})
