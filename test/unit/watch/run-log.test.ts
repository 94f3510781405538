import { describe, expect, test } from 'vitest'
import { distributionOf, spaceNames } from '../../../src/watch/operation-names.js'
import { RunLog } from '../../../src/watch/run-log.js'
import { encodeSeries, Series } from '../../../src/watch/series.js'
import { StepLog } from '../../../src/watch/step-log.js'

const line = (event: object) => JSON.stringify(event)
const epoch = (index: number, rest: object = {}) =>
  line({ event: 'epoch', epoch: index, loss: 2 - index, pathDistribution: [0.25, 0.75], ...rest })

describe('the log of a run', () => {
  test('becomes a row per epoch', () => {
    const log = new RunLog()
    log.line(line({ event: 'start', space: 'nasbench201', method: 'pada', dataset: 'x', epochs: 2, stepsPerEpoch: 5 }))
    log.line(epoch(0, { gradientVarianceByOperation: { a: 0.5, b: null } }))
    log.line(epoch(1, { gradientVarianceByOperation: { a: 0.25, b: 0.125 } }))
    expect(log.about).toMatchObject({ space: 'nasbench201', epochs: 2 })
    expect(log.epochs.rows).toBe(2)
    const values = (name: string) => [...(log.epochs.column(name) ?? [])]
    expect(values('loss')).toEqual([2, 1])
    expect(values('share of 1')).toEqual([0.75, 0.75])
    expect(values('gradientVariance of a')).toEqual([0.5, 0.25])
    expect(values('gradientVariance of b')).toEqual([Number.NaN, 0.125])
  })

  test('has the mean over choices if each has a distribution', () => {
    const log = new RunLog()
    log.line(
      epoch(0, {
        pathDistribution: [
          [0.25, 0.75],
          [0.75, 0.25],
          [0.5, 0.5],
        ],
      }),
    )
    expect(log.epochs.column('share of 0')?.[0]).toBe(0.5)
    expect(log.distribution).toHaveLength(3)
  })

  test('has a result until it trains on', () => {
    const log = new RunLog()
    const found = { algorithm: 'random', by: 'accuracyAndParameters', best: [] }
    const measures = { kendallTau: 0.5, kendallTauByParameters: 0.4, ranked: 3, rankedBy: 'loss' }
    log.line(line({ event: 'result', ...measures, top: [], found }))
    const shown = { found: [], algorithm: 'random', foundBy: 'accuracyAndParameters' }
    expect(log.result).toMatchObject({ kind: 'search', ...measures, ...shown })
    log.line(epoch(1))
    expect(log.result).toBeUndefined()
    log.line(line({ event: 'result', top1: 0.5, top5: 0.9, best: { epoch: 0 } }))
    expect(log.result).toMatchObject({ kind: 'retraining', top1: 0.5 })
  })

  test('says why it stopped, until it goes on', () => {
    const log = new RunLog()
    log.line(epoch(0))
    log.line(line({ event: 'stopped', why: 'failed', reason: 'Expected a finite loss', time: 't' }))
    expect(log.stopped).toEqual({ why: 'failed', reason: 'Expected a finite loss' })
    log.restart()
    expect(log.stopped).toBeUndefined()
  })

  test('is thinned at a first look: every n-th epoch, the last one, and all that is no epoch', () => {
    const log = new RunLog(3)
    log.line(line({ event: 'start', space: 'nasbench201' }))
    for (let i = 0; i < 6; i++) log.line(epoch(i))
    log.settle()
    expect([...(log.epochs.column('epoch') ?? [])]).toEqual([0, 3, 5])
    for (let i = 6; i < 9; i++) log.line(epoch(i))
    log.line(line({ event: 'result', kendallTau: 0.5, top: [], ranked: 3 }))
    log.settle()
    expect([...(log.epochs.column('epoch') ?? [])]).toEqual([0, 3, 5, 6, 8])
    // The last epoch came before the result, so the run is finished.
    expect(log.result).toMatchObject({ kendallTau: 0.5 })
    expect(log.about).toMatchObject({ space: 'nasbench201' })
    log.restart()
    log.settle()
    expect([log.epochs.rows, log.generation]).toEqual([0, 1])
  })

  test('counts lines that are no events', () => {
    const log = new RunLog()
    for (const text of ['{"event":', '', 'null', '3']) log.line(text)
    expect(log.damaged).toBe(4)
    expect(log.epochs.rows).toBe(0)
  })

  test('counts events of an odd form, and goes on', () => {
    const log = new RunLog()
    log.line(line({ event: 'result', ranked: 1, top: [null] }))
    log.line(line({ event: 'result', ranked: 1, top: 'none' }))
    log.line(line({ event: 'result', top1: 0.5, top5: 0.9 }))
    log.line(line({ event: 'result', top1: 0.5, top5: 0.9, best: {} }))
    expect(log.damaged).toBe(4)
    expect(log.result).toBeUndefined()
    log.line(epoch(0, { pathDistribution: [[0.5, 0.5], null], gradientVarianceByOperation: 3 }))
    expect(log.distribution).toBeUndefined()
    expect([...(log.epochs.column('loss') ?? [])]).toEqual([2])
  })

  test('counts epochs that do not say which they are, and keeps the result before them', () => {
    const log = new RunLog()
    log.line(epoch(0))
    log.line(line({ event: 'result', top1: 0.5, top5: 0.9, best: { epoch: 0, top1: 0.5 } }))
    for (const index of [undefined, null, '1', -1, 0.5, 1e300])
      log.line(line({ event: 'epoch', epoch: index, loss: 1 }))
    expect(log.damaged).toBe(6)
    expect(log.epochs.rows).toBe(1)
    expect(log.result).toMatchObject({ kind: 'retraining' })
  })

  test('forgets all when it begins anew', () => {
    const log = new RunLog()
    log.line(epoch(0))
    log.restart()
    expect(log.generation).toBe(1)
    expect(log.epochs.rows).toBe(0)
    expect(log.epochs.names).toEqual([])
    expect(log.distribution).toBeUndefined()
  })
})

test('sampled steps have the loss since the sample before', () => {
  const log = new StepLog()
  const step = (epoch: number, step: number, loss: number) =>
    log.line(line({ event: 'step', epoch, step, steps: 10, loss }))
  // Steps 1 to 4 have a mean loss of 2; all of 1 to 5 one of 1.8, so step 5 has 1.
  step(0, 4, 2)
  step(0, 5, 1.8)
  step(1, 10, 0.5)
  const values = (name: string) => [...(log.series.column(name) ?? [])].map((value) => Number(value.toFixed(5)))
  expect(values('position')).toEqual([0.4, 0.5, 2])
  expect(values('loss')).toEqual([2, 1, 0.5])
  // None of these has a place and a loss.
  log.line(line({ event: 'step', step: 1, steps: 10, loss: 1 }))
  log.line(line({ event: 'step', epoch: 2, step: 1, steps: 0, loss: 1 }))
  log.line(line({ event: 'step', epoch: 2, step: 1, steps: 10, loss: null }))
  expect(log.series.rows).toBe(3)
})

test('a series keeps all rows, and gives missing numbers as NaN', () => {
  const series = new Series()
  for (let row = 0; row < 1000; row++) {
    series.add()
    series.set('x', row)
    if (row >= 600) series.set('late', 1)
  }
  expect(series.rows).toBe(1000)
  expect(series.column('x')?.[999]).toBe(999)
  expect(series.column('late')?.[599]).toBeNaN()
  expect(series.column('late')?.[600]).toBe(1)
  const bytes = encodeSeries(series, 998, { generation: 7 })
  const length = bytes.readUInt32LE(0)
  const head = JSON.parse(bytes.toString('utf8', 4, 4 + length))
  expect(head).toEqual({ generation: 7, from: 998, rows: 2, columns: ['x', 'late'] })
  expect([0, 4, 8, 12].map((place) => bytes.readFloatLE(4 + length + place))).toEqual([998, 999, 1, 1])
  expect(bytes).toHaveLength(4 + length + 16)
})

test('operations and choices have the names of the space in the settings', () => {
  const names = spaceNames({ space: { name: 'nasbench1shot1-1' } })
  expect(names?.operations).toHaveLength(3)
  const shares = [0.2, 0.3, 0.5]
  const { rows } = distributionOf([shares, shares], [[0.5, 0.5]], names)
  expect(rows[0].name).toBe(names?.choices[0])
  expect(rows[0].names).toEqual(names?.operations)
  expect(rows[2]).toMatchObject({ name: names?.connections[0], shares: [0.5, 0.5] })
  expect(spaceNames({ space: { name: 'unheard-of' } })).toBeUndefined()
  expect(distributionOf([shares]).rows).toEqual([
    { name: 'all choices', names: ['operation 0', 'operation 1', 'operation 2'], shares },
  ])
})
