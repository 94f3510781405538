import { parse } from 'csv-parse/sync'
import { describe, expect, it, test } from 'vitest'
import { renderReport } from '../../../src/cli/output/experiment.js'
import { MEASURES, type Measures, measure, summarise } from '../../../src/experiment/measures.js'
import {
  type CellResult,
  type ConditionResult,
  describeIncomparable,
  incomparable,
} from '../../../src/experiment/results.js'
import { cellTable, conditionTable } from '../../../src/experiment/tables.js'

const NOTHING = Object.fromEntries(MEASURES.map((name) => [name, null])) as unknown as Measures
const labels = { space: 'S', extent: '', method: 'CLOSE, "1,000" epochs', noise: 'none', epochs: '4' }

const condition = (epochs: string, taus: readonly (number | null)[]): ConditionResult => ({
  study: 'longer',
  labels: { ...labels, epochs },
  n: taus.length,
  summary: summarise(taus.map((kendallTau) => ({ ...NOTHING, kendallTau, gradientVariance: 1e-5 }))),
})

describe('measure', () => {
  const epoch = (variance: number, candidates: number | null, more: object = {}) => ({
    ...{ gradientVariance: variance, gradientVarianceCandidates: candidates, seconds: 10, pathDistribution: [1] },
    ...more,
  })
  const result = {
    ...{ kendallTau: 0.7, kendallTauByLoss: 0.65, kendallTauByParameters: 0.5, spearman: 0.9, bestFound: 94 },
    ...{ regret: 0.37, seconds: 25, kendallTauWithMultiplyAdds: 0.75, epochs: 3, gradientVariance: [1, 2, 6] },
    precisionAtTop: { '1%': 0.1, '5%': 0.2, '10%': 0.3, '20%': 0.4 },
  }

  it('takes means over epochs, of those that have a number', () => {
    const epochs = [
      epoch(1, 4),
      epoch(2, null, { fixedGradientVariance: 8, fixedGradientVarianceCandidates: null }),
      epoch(6, 5),
    ]
    expect(measure({ epochs, result } as never)).toEqual({
      ...{ gradientVariance: 3, gradientVarianceLast: 6, gradientVarianceCandidates: 4.5, fixedGradientVariance: 8 },
      fixedGradientVarianceCandidates: null,
      ...{
        kendallTau: 0.7,
        kendallTauByLoss: 0.65,
        kendallTauByParameters: 0.5,
        kendallTauWithMultiplyAdds: 0.75,
        spearman: 0.9,
        bestFound: 94,
        regret: 0.37,
        trainingSeconds: 30,
        totalSeconds: 25,
      },
      ...{ precisionAtTop1: 0.1, precisionAtTop5: 0.2, precisionAtTop10: 0.3, precisionAtTop20: 0.4 },
    })
  })

  it('is null where the log has lost epochs, but for what the result keeps', () => {
    const epochs = [epoch(1, 4), epoch(2, 3, { fixedGradientVariance: 8 })]
    expect(measure({ epochs, result } as never)).toMatchObject({
      ...{ gradientVariance: 3, gradientVarianceLast: 6, gradientVarianceCandidates: null },
      ...{ fixedGradientVariance: null, trainingSeconds: null, kendallTau: 0.7, totalSeconds: 25 },
    })
  })

  it('is null where a ranking has no ground truth', () => {
    const none = { ...result, kendallTau: null, spearman: null, precisionAtTop: null, bestFound: null, regret: null }
    const measures = measure({ epochs: [epoch(1, 1)], result: none } as never)
    expect(measures).toMatchObject({
      kendallTau: null,
      precisionAtTop5: null,
      regret: null,
      fixedGradientVariance: null,
    })
  })
})

describe('summarise', () => {
  it('has no mean of a measure that a search lacks, which would pass for one of all', () => {
    expect(condition('4', [0.5, 0.7]).summary.kendallTau).toMatchObject({ n: 2, mean: 0.6 })
    expect(condition('4', [0.5, null]).summary.kendallTau).toEqual({ n: 0, mean: null, deviation: null })
  })
})

describe('tables', () => {
  it('keep commas and quotes within their fields', () => {
    const cell = {
      ...{ cell: 'close-seed0', studies: ['a', 'b'], labels, seed: 0, dataset: 'x' },
      pathDistributions: [],
    }
    const text = cellTable([{ ...cell, measures: { ...NOTHING, gradientVariance: 1.5e-7 } }])
    const [row] = parse(text, { columns: true }) as Record<string, string>[]
    expect(row).toMatchObject({ cell: 'close-seed0', studies: 'a b', method: 'CLOSE, "1,000" epochs', kendallTau: '' })
    expect(Number(row.gradientVariance)).toBe(1.5e-7)
  })

  it('say how many seeds are in, and leave out what one seed cannot tell', () => {
    const text = conditionTable([condition('4', [0.5, 0.7]), condition('8', [0.6]), condition('16', [])])
    const rows = parse(text, { columns: true }) as Record<string, string>[]
    expect(rows.map(({ n }) => n)).toEqual(['2', '1', '0'])
    expect(rows.map(({ kendallTau }) => kendallTau)).toEqual(['0.6', '0.6', ''])
    expect(Number(rows[0].kendallTauDeviation)).toBeCloseTo(Math.SQRT2 / 10, 12)
    expect(rows.slice(1).map(({ kendallTauDeviation }) => kendallTauDeviation)).toEqual(['', ''])
  })
})

test('measures of several data sets, or by several tables, cannot be compared', () => {
  const cellOf = (study: string, images: string, digest?: string): CellResult => ({
    ...{ cell: `${study}-${images}`, studies: [study], labels, seed: 0, dataset: 'x', measures: NOTHING },
    computedFrom: { images: { train: images, test: images }, weights: '' },
    groundTruth: digest ? { file: 'a.csv', column: 'x', architectures: 1, leftOut: 0, unit: 'percent', digest } : null,
    pathDistributions: [],
  })
  expect(incomparable([cellOf('a', '1', 't'), cellOf('a', '1', 't'), cellOf('b', '2')])).toBeUndefined()
  expect(incomparable([cellOf('a', '1', 't'), cellOf('a', '2'), cellOf('b', '2')])).toEqual({
    images: ['a'],
    tables: [],
    subModels: [],
  })
  expect(incomparable([cellOf('a', '1', 't'), cellOf('a', '1', 'u')])).toEqual({
    images: [],
    tables: ['a'],
    subModels: [],
  })
  // Results of earlier versions do not tell.
  const { computedFrom: _, groundTruth: __, ...earlier } = cellOf('a', '1')
  expect(incomparable([earlier, cellOf('a', '2', 't')])).toBeUndefined()
})

test('taus over other sub-models, with the same seed, cannot be compared', () => {
  const cellOf = (seed: number, withGroundTruth?: number): CellResult => ({
    ...{ cell: 'x', studies: ['a'], labels, seed, dataset: 'x', measures: NOTHING, pathDistributions: [] },
    withGroundTruth,
  })
  expect(incomparable([cellOf(0, 100), cellOf(0, 100), cellOf(0), cellOf(1, 98), cellOf(1, 98)])).toBeUndefined()
  const unlike = incomparable([cellOf(0, 100), cellOf(0, 100), cellOf(1, 98), cellOf(1, 41)])
  expect(unlike).toEqual({ images: [], tables: [], subModels: ['a'] })
  expect(describeIncomparable(unlike!)).toEqual([
    'Searches of a do not rank the same sub-models: KT cannot be compared',
  ])
})

describe('the report of the command', () => {
  it('names conditions by what sets them apart', () => {
    const conditions = [condition('4', [0.5, 0.7]), condition('8', [null])]
    const report = {
      event: 'report',
      name: 'x',
      cells: 4,
      complete: 3,
      rankedBy: ['accuracy'],
      conditions,
      differences: [],
      files: ['out/results.csv'],
    } as const
    const lines = renderReport(report)
    expect(lines[3]).toMatch(/longer │ 4 epochs +│ +2 │ 1\.00e-5 ± 0\.00e\+0 │ +– │ 0\.600 ± 0\.141 │/)
    expect(lines[4]).toMatch(/longer │ 8 epochs +│ +1 │ +1\.00e-5 │ +– │/)
    expect(lines.slice(-2)).toEqual(['3 of 4 searches complete; written:', '  out/results.csv'])
    const note = 'note: a ranking has only 2 of its sub-models in the ground truth, so KT and P@top say little'
    expect(renderReport({ ...report, fewestCompared: 2 }).at(-3)).toBe(note)
    const unlike = renderReport({
      ...report,
      incomparable: { images: ['a'], tables: ['a', 'b'], subModels: ['a', 'b', 'c'] },
    })
    expect(unlike.slice(-5, -2)).toEqual([
      'note: Searches of a are of several data sets: GV and KT cannot be compared',
      'note: Searches of b have several ground truths: KT cannot be compared',
      'note: Searches of c do not rank the same sub-models: KT cannot be compared',
    ])
    expect(lines.join('\n')).not.toContain('Rankings are by')
    expect(renderReport({ ...report, rankedBy: ['loss', 'accuracyAndMultiplyAdds'] }).at(-3)).toBe(
      "Rankings are by loss; others by accuracy and multiply-adds: P@top, the sub-model ranked first and the regret depend on it, Kendall's tau does not",
    )
    expect(renderReport({ ...report, fewestCompared: 300 })).not.toContain(note)
    const bySize = (...sizes: number[]) =>
      sizes.map((kendallTauByParameters, i) => {
        const summary = summarise([{ ...NOTHING, kendallTau: 0.5, kendallTauByParameters }])
        return { ...conditions[i], summary }
      })
    const alone = 'The number of parameters alone has a KT of 0.497, without any training'
    expect(renderReport({ ...report, conditions: bySize(0.497, 0.497) })).toContain(alone)
    expect(renderReport({ ...report, conditions: bySize(0.497, 0.5) })).not.toContain(alone)
    const [one, other] = bySize(0.497, 0.497)
    const lacking = { ...other, summary: summarise([{ ...NOTHING, kendallTau: 0.5 }]) }
    expect(renderReport({ ...report, conditions: [one, lacking] })).not.toContain(alone)
    const outdated = { settings: ['spos-seed0', 'spos-seed1'], ranking: [], training: [], unknown: [] }
    expect(renderReport({ ...report, outdated }).at(-3)).toMatch(
      /^note: of spos-seed0, spos-seed1, results are of other settings of ranking, and left out/,
    )
  })
})
