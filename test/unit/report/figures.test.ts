import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeEach, describe, expect, it } from 'vitest'
import { kendallTauB } from '../../../src/evaluation/rank-metrics.js'
import { binned } from '../../../src/report/figures/cloud.js'
import { curveOf } from '../../../src/report/figures/curves.js'
import { gradientVarianceFigure, varianceByOperationFigure } from '../../../src/report/figures/gradient-variance.js'
import { extremes, imageImportanceFigure } from '../../../src/report/figures/image-importance.js'
import { frontBy, paretoFigure } from '../../../src/report/figures/pareto.js'
import { labels, pathDistributionFigure } from '../../../src/report/figures/path-distribution.js'
import { retrainingFigure } from '../../../src/report/figures/retraining.js'
import {
  leastSquares,
  lineWithin,
  supernetAccuracyFigure,
  withoutFarBelow,
} from '../../../src/report/figures/supernet-accuracy.js'
import { trainingFigure } from '../../../src/report/figures/training.js'
import { drawFigure, type Figure } from '../../../src/report/plot.js'
import { type RetrainRecord, readRun, type SearchRecord } from '../../../src/report/run-record.js'
import { logTicks, valueAxis } from '../../../src/report/value-axis.js'
import { writePicture } from '../../../src/report/write-picture.js'
import { temporaryFolder } from '../../support/folders.js'
import { makeRetraining, makeSearchRun } from '../../support/made-up-run.js'

let search: SearchRecord
let retraining: RetrainRecord

beforeEach(async () => {
  const folder = temporaryFolder()
  makeSearchRun(join(folder, 'search'))
  makeRetraining(join(folder, 'alone'))
  search = (await readRun(join(folder, 'search'))) as SearchRecord
  retraining = (await readRun(join(folder, 'alone'))) as RetrainRecord
})

/** All rows of data in a specification. */
function rowsOf(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return []
  const { data } = value as { data?: { values: Record<string, unknown>[] } }
  const parts = Array.isArray(value) ? value : Object.values(value).filter((part) => part !== data)
  return [...(data?.values ?? []), ...parts.flatMap(rowsOf)]
}
const rows = (figure: Figure | undefined) => rowsOf(figure!.specification)

describe('figures of a search', () => {
  it('training: loss and accuracy of every epoch, counted from 1', () => {
    const figure = trainingFigure([{ name: 'a', record: search }])!
    const values = rows(figure)
    expect(values.slice(0, 4).map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
    expect(values.map(({ value }) => value)).toEqual(
      [2, 1.9, 1.8, 1.7, 0.2, 0.25, 0.3, 0.35].map((x) => expect.closeTo(x)),
    )
    expect(figure.description).toBe(
      'loss 2.000 in epoch 1, 1.700 in epoch 4; accuracy 20.00 % in epoch 1, 35.00 % in epoch 4.',
    )
    expect(trainingFigure([{ name: 'a', record: { ...search, epochs: [] } }])).toBeUndefined()
  })

  it('gradient variance: all weights and candidates of one run, all weights of several', () => {
    const one = rows(gradientVarianceFigure([{ name: 'a', record: search }]))
    expect(one.filter(({ name }) => name === 'candidate operations').map(({ value }) => value)).toEqual(
      [1, 2, 3, 4].map((e) => expect.closeTo(1e-4 / e / 3, 12)),
    )
    const two = rows(
      gradientVarianceFigure([
        { name: 'a', record: search },
        { name: 'b', record: search },
      ]),
    )
    expect([...new Set(two.map(({ name }) => name))]).toEqual(['a', 'b'])
    expect(two).toHaveLength(8)
    const operations = rows(varianceByOperationFigure(search))
    expect(operations.find(({ name, epoch }) => name === 'nor_conv_1x1' && epoch === 4)!.value).toBeCloseTo(5e-5, 12)
  })

  it('path distribution: shares add up to 1, and labels keep their distance', () => {
    const values = rows(pathDistributionFigure(search)).filter(({ share }) => share !== undefined)
    expect(values).toHaveLength(4 * 5)
    for (const epoch of [1, 2, 3, 4]) {
      const shares = values.filter((row) => row.epoch === epoch).map(({ share }) => share as number)
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1)
    }
    expect(values.find(({ epoch, name }) => epoch === 4 && name === 'nor_conv_3x3')!.share).toBeCloseTo(0.26)
    const middles = labels({ epoch: 1, shares: [0.01, 0.01, 0.97, 0.005, 0.005] }, 'abcde'.split('')).map(
      (one) => one.middle,
    )
    for (let k = 1; k < 5; k++) expect(middles[k - 1] - middles[k]).toBeGreaterThan(0.066)
    for (const middle of middles) expect(middle).toBeGreaterThanOrEqual(0)
    expect(labels({ epoch: 1, shares: [0.005, 0.995] }, ['none', 'b']).map(({ text }) => text)).toEqual([
      'none  0.5 %',
      'b  99.5 %',
    ])
    const uniform = search.epochs.map((epoch) => ({ ...epoch, pathDistribution: [0.5, 0.5] }))
    expect(pathDistributionFigure({ ...search, epochs: uniform })).toBeUndefined()
    const listed = search.epochs.map((epoch, e) => ({
      ...epoch,
      pathDistribution: [
        [1, 0],
        [0.5 - e / 10, 0.5 + e / 10],
      ],
    }))
    expect(rows(pathDistributionFigure({ ...search, epochs: listed }))[7].share).toBeCloseTo(0.4)
  })

  it('supernet accuracy: the tau and the line of least squares', () => {
    const ranking = [
      { path: [], arch: 'a', accuracy: 0.4, groundTruth: 70 },
      { path: [], arch: 'b', accuracy: 0.3, groundTruth: 80 },
      { path: [], arch: 'c', accuracy: 0.2, groundTruth: 60 },
      { path: [], arch: 'd', accuracy: 0.1, groundTruth: null },
    ]
    const figure = supernetAccuracyFigure(ranking)!
    const tau = kendallTauB([0.4, 0.3, 0.2], [70, 80, 60]).toFixed(3)
    expect(figure.subtitle[0]).toBe(`3 sub-models, Kendall's τ = ${tau}, Spearman's ρ = 0.500`)
    // By hand: mean (30, 70), Sxx = 200, Sxy = 10·0 + 0·10 + (−10)(−10) = 100.
    const points = [
      { x: 40, y: 70 },
      { x: 30, y: 80 },
      { x: 20, y: 60 },
    ]
    expect(leastSquares(points)).toEqual({ slope: 0.5, intercept: 55 })
    expect(lineWithin({ slope: 0.5, intercept: 55 }, points)).toEqual([
      { x: 20, y: 65 },
      { x: 40, y: 75 },
    ])
    expect(lineWithin({ slope: 2, intercept: 10 }, points)).toEqual([
      { x: 25, y: 60 },
      { x: 35, y: 80 },
    ])
    expect(
      leastSquares([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ]),
    ).toBeUndefined()
    expect(supernetAccuracyFigure(ranking.slice(3))).toBeUndefined()
  })

  it('supernet accuracy: a sub-model that learnt nothing does not set the axes', () => {
    const usual = Array.from({ length: 99 }, (_, i) => ({
      path: [],
      arch: `${i}`,
      accuracy: 0.8 - i / 1000,
      groundTruth: 82 - i / 20,
    }))
    const nothing = { path: [], arch: 'none', accuracy: 0.1, groundTruth: 10 }
    const figure = supernetAccuracyFigure([...usual, nothing])!
    expect(figure.subtitle).toEqual([expect.stringContaining('100 sub-models'), '1 far below the others is not shown'])
    expect(figure.description).toContain(' 1 far below the others is not shown. ')
    expect(figure.description).not.toContain('Least squares')
    const shown = rows(figure).filter(({ x, text }) => x !== undefined && text === undefined)
    expect(Math.min(...shown.map(({ x }) => x as number))).toBeCloseTo(70.2)
    expect(supernetAccuracyFigure(usual)!.subtitle).toHaveLength(1)
    // The one that is ranked first is shown, wherever its truth is.
    const [first, ...rest] = usual.map(({ accuracy, groundTruth }) => ({ x: accuracy, y: groundTruth }))
    expect(withoutFarBelow([{ ...first, y: 10 }, ...rest])).toHaveLength(99)
  })

  it('counts many points in squares, none of them lost', () => {
    const points = Array.from({ length: 20_000 }, (_, i) => ({ x: (i * 7919) % 1000, y: (i * 104_729) % 777 }))
    const squares = binned(points)
    expect(squares.length).toBeLessThanOrEqual(64 * 64)
    expect(squares.reduce((sum, { count }) => sum + count, 0)).toBe(20_000)
    expect(
      binned([
        { x: 5, y: 1 },
        { x: 5, y: 1 },
      ]),
    ).toEqual([{ x: 5.5, y: 1.5, count: 2 }])
  })

  it('Pareto front: the sub-models that none beats in both, and the limit', () => {
    expect(frontBy(search.found!, 'multiplyAdds').map(({ costs }) => costs.multiplyAdds)).toEqual(
      Array.from({ length: 11 }, (_, i) => 50_000 * (i + 1)),
    )
    const figure = paretoFigure(search)!
    expect(figure.description).toContain('12 sub-models. Front by multiply-adds for one image: 11 sub-models')
    expect(figure.description).toContain('Limits: multiply-adds for one image ≤ 600,000.')
    expect(rows(figure)).toContainEqual({ x: 600_000 })
    expect(paretoFigure({ ...search, found: undefined })).toBeUndefined()
  })

  it('Pareto front: latencies below one as plain numbers, on axes and in words', async () => {
    const found = search.found!.map((row, i) => ({ ...row, costs: { latency: 0.04 + 0.01 * i } }))
    const config = { ...search.config, finding: { ...search.config.finding!, limits: { latency: 0.1025 } } }
    const figure = paretoFigure({ ...search, found, config } as SearchRecord)!
    const ticks = [...(await drawFigure(figure)).matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
    expect(ticks).toContain('0.1')
    expect(ticks.filter((text) => /^[\d.]+m$/.test(text))).toEqual([])
    expect(figure.description).toContain('at 0.04 to')
    expect(figure.description).toContain('≤ 0.1025')
  })

  it('image importance: counts all drawn images and shows both ends', () => {
    const draws = Float64Array.from([0.5, 0.5, 2, 1, 1.5, 0.5])
    const importance = { draws, least: 0.5, images: '' }
    expect(extremes(importance)).toEqual({ most: [2], least: [3] })
    const figure = imageImportanceFigure(importance)!
    expect(rows(figure).reduce((sum, { count }) => sum + (count as number), 0)).toBe(3)
    expect(figure.description).toContain(
      '3 of 6 images have importance 0, because no step of the last finished epoch drew them;',
    )
    const { least: _, ...drawn } = importance
    expect(imageImportanceFigure(drawn)?.description).toContain('All 6 images were drawn in the last finished epoch')
    expect(figure.title).toContain('the next epoch draws')
    const ended = imageImportanceFigure(importance, new Map(), { isTrained: true })!
    expect(ended.title).toBe('How often an epoch after this one would draw each training image')
    expect(JSON.stringify([ended.subtitle, ended.specification])).not.toContain('next epoch')
    const thumbnail = { url: 'data:image/png;base64,AA==', label: 'cat' }
    const pictured = rows(imageImportanceFigure(importance, new Map([[2, thumbnail]])))
    expect(pictured).toContainEqual({ place: 0, ...thumbnail, draws: '2.00' })
    expect(imageImportanceFigure({ ...importance, draws: new Float64Array(4).fill(0.5) })).toBeUndefined()
  })
})

it('figures of retrainings: raw and averaged weights of one, the kept weights of several', () => {
  const one = rows(retrainingFigure([{ name: 'a', record: retraining }]))
  expect(one.filter(({ name }) => name === 'test, averaged weights').map(({ value }) => value)).toEqual([0.3, 0.5])
  expect(one.filter(({ name }) => name === 'test, raw weights')).toHaveLength(4)
  const several = rows(retrainingFigure(['a', 'b'].map((name) => ({ name, record: retraining }))))
  expect(several.filter(({ name }) => name === 'b').map(({ value }) => value)).toEqual(
    [1.1, 1, 0.3, 0.5].map((x) => expect.closeTo(x)),
  )
})

describe('axes and curves', () => {
  it('is logarithmic only for formats that suit it, and has ticks within', () => {
    expect(valueAxis([1e-6, 1e-3], '.1e').scale).toMatchObject({ type: 'log' })
    expect(valueAxis([1, 90], '~f').scale).not.toHaveProperty('type')
    expect(valueAxis([0, 1e-3], '.1e').scale).not.toHaveProperty('type')
    expect(logTicks([2e-6, 3e-4])).toEqual([2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4])
    expect(logTicks([0.5, 2000])).toEqual([1, 10, 100, 1000])
    expect(valueAxis([3, 3], '~f').scale.domain[0]).toBeLessThan(3)
  })

  it('leaves out epochs of earlier versions, which lack the field', () => {
    const epochs = [{ epoch: 0 }, { epoch: 1, x: null }, { epoch: 2, x: Number.NaN }, { epoch: 3, x: 7 }]
    expect(curveOf('x', epochs, ({ x }) => x).points).toEqual([{ epoch: 4, value: 7, stretch: 1 }])
  })

  it('breaks curves where epochs are missing from the log', async () => {
    const epochs = [0, 1, 2, 5, 6, 9].map((epoch) => ({ epoch, x: epoch }))
    const { points } = curveOf('x', epochs, ({ x }) => x)
    expect(points.map(({ stretch }) => stretch)).toEqual([1, 1, 1, 6, 6, 10])
    const linesOf = async (record: SearchRecord) => {
      const svg = await drawFigure(trainingFigure([{ name: 'a', record }])!)
      return svg.match(/<g class="mark-line[^"]*">/g)!.length
    }
    // Two panels, each with a line per stretch.
    expect(await linesOf(search)).toBe(2)
    expect(await linesOf({ ...search, epochs: search.epochs.filter(({ epoch }) => epoch !== 2) })).toBe(4)
  })

  it('marks an epoch between two gaps of a long curve, which no line shows', async () => {
    const [first] = search.epochs
    const epochs = Array.from({ length: 40 }, (_, epoch) => ({ ...first, epoch }))
    const marksOf = async (kept: typeof epochs) => {
      const svg = await drawFigure(trainingFigure([{ name: 'a', record: { ...search, epochs: kept } }])!)
      const groups = svg.matchAll(/<g class="mark-symbol role-mark[^"]*">(.*?)<\/g>/g)
      return [...groups].reduce((sum, [, marks]) => sum + marks.split('<path ').length - 1, 0)
    }
    expect(await marksOf(epochs)).toBe(0)
    expect(await marksOf(epochs.filter(({ epoch }) => epoch !== 20 && epoch !== 22))).toBe(2)
  })

  it('breaks the areas of the path distribution too', () => {
    const epochs = search.epochs.filter(({ epoch }) => epoch !== 1)
    const values = rows(pathDistributionFigure({ ...search, epochs })).filter(({ share }) => share !== undefined)
    expect([...new Set(values.map(({ epoch, stretch }) => `${epoch} ${stretch}`))]).toEqual(['1 1', '3 3', '4 3'])
    // The first operation is at the top, and each stands on the next.
    const third = values.filter(({ epoch }) => epoch === 3) as { low: number; high: number }[]
    expect([third[0].high, third.at(-1)!.low]).toEqual([expect.closeTo(1), 0])
    for (let k = 1; k < 5; k++) expect(third[k].high).toBeCloseTo(third[k - 1].low)
  })
})

it('any figure: whole SVG with a text alternative, without ids, which sharp draws', async () => {
  const list = [
    trainingFigure([
      { name: 'a<b', record: search },
      { name: '&"', record: search },
    ]),
    gradientVarianceFigure([{ name: 'a', record: search }]),
    varianceByOperationFigure(search),
    pathDistributionFigure(search),
    supernetAccuracyFigure(search.ranking!),
    paretoFigure(search),
    imageImportanceFigure({ draws: Float64Array.from([0.5, 2, 1, 1.5]), least: 0.5, images: '' }),
    retrainingFigure([{ name: 'a', record: retraining }]),
  ]
  const folder = temporaryFolder()
  for (const figure of list) {
    const svg = await drawFigure(figure!)
    expect(svg, figure!.name).toMatch(/^<svg role="img" [^<>]*><title>[^<]+<\/title><desc>[^<]+<\/desc><rect /)
    expect(svg, figure!.name).not.toMatch(/ id="|NaN|undefined|Infinity| aria-/)
    expect(svg.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]/)
    const file = join(folder, `${figure!.name}.png`)
    await writePicture(file, svg)
    expect((await sharp(readFileSync(file)).metadata()).width).toBeGreaterThan(800)
  }
})
