import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { type Criterion, parseConfig, type RankingConfig } from '../../../src/config/index.js'
import type { GroundTruth } from '../../../src/evaluation/ground-truth.js'
import { agreement, sortRanking } from '../../../src/evaluation/ranking.js'
import { selectSubModels } from '../../../src/evaluation/sub-models.js'
import type { Cost } from '../../../src/programs/cost.js'
import { costOf } from '../../../src/spaces/cost.js'
import { checkPath, darts, nasBench201, nasBenchMacro, type Path } from '../../../src/spaces/index.js'

const space = nasBench201()
const settings = (ranking: object) => parseConfig({ ranking, groundTruth: { file: 'x' } }).ranking as RankingConfig
const stream = () => RandomStream.named(0, 'ranking')

function table(...rows: [Path, number][]): GroundTruth {
  const accuracies = new Map(rows.map(([path, accuracy]) => [path.join(), accuracy]))
  const [path, accuracy] = rows.toSorted((a, b) => b[1] - a[1])[0]
  return {
    size: rows.length,
    paths: rows.map(([path]) => path),
    best: { path, accuracy },
    accuracy: (path) => accuracies.get(path.join()),
  }
}

const A = [3, 3, 3, 3, 3, 3]
const B = [2, 2, 2, 2, 2, 2]
const C = [1, 1, 1, 1, 1, 1]
const D = [0, 0, 0, 0, 0, 0]
/** Paths with no 3×3 convolution, one and two. */
const NONE = [1, 1, 1, 1, 1, 1]
const ONE = [1, 1, 1, 3, 1, 1]
const TWO = [3, 1, 1, 3, 1, 1]

describe('selectSubModels', () => {
  it('takes the whole space, or one path of each isomorphism class', () => {
    expect(selectSubModels(space, settings({}), undefined, stream())).toHaveLength(15_625)
    const classes = selectSubModels(space, settings({ deIsomorphic: true }), undefined, stream())
    expect(classes).toHaveLength(6_466)
    expect(new Set(classes.map((path) => space.isomorphismKey(path))).size).toBe(6_466)
  })

  it('samples without replacement, the same for the same seed', () => {
    const sample = selectSubModels(space, settings({ subModels: 300 }), undefined, stream())
    expect(new Set(sample.map((path) => path.join())).size).toBe(300)
    expect(selectSubModels(space, settings({ subModels: 300 }), undefined, stream())).toEqual(sample)
    const other = RandomStream.named(1, 'ranking')
    expect(selectSubModels(space, settings({ subModels: 300 }), undefined, other)).not.toEqual(sample)
  })

  it('draws different paths of a space that is too large to list, and refuses to take it all', () => {
    const huge = darts()
    const sample = selectSubModels(huge, settings({ subModels: 200 }), undefined, stream())
    expect(new Set(sample.map((path) => path.join())).size).toBe(200)
    for (const path of sample) checkPath(huge, path)
    expect(selectSubModels(huge, settings({ subModels: 200 }), undefined, stream())).toEqual(sample)
    const all = () => selectSubModels(huge, settings({ subModels: 'all' }), undefined, stream())
    expect(all).toThrow('Expected a number of the 1.08e+18 paths of darts for ranking.subModels but received all')
    const many = () => selectSubModels(huge, settings({ subModels: 1e12 }), undefined, stream())
    expect(many).toThrow('Expected at most 2000000 for ranking.subModels but received 1000000000000')
  })

  it('takes what the ground truth covers', () => {
    const truth = table([B, 1], [A, 2])
    expect(selectSubModels(space, settings({ subModels: 'groundTruth' }), truth, stream())).toEqual([B, A])
  })

  it('refuses isomorphism classes where the space has none, and more sub-models than there are', () => {
    const plain = { ...space, isomorphismKey: undefined }
    expect(() => selectSubModels(plain, settings({ deIsomorphic: true }), undefined, stream())).toThrow(
      'Expected a space with an isomorphism rule for ranking.deIsomorphic but received nasbench201, which has none',
    )
    expect(() =>
      selectSubModels(space, settings({ subModels: 6_467, deIsomorphic: true }), undefined, stream()),
    ).toThrow('Expected at most 6466 for ranking.subModels with nasbench201 but received 6467')
  })
})

describe('agreement', () => {
  const judged = (
    ranked: Parameters<typeof sortRanking>[1],
    truth: Parameters<typeof agreement>[1],
    by: Criterion = 'accuracy',
  ) => agreement(sortRanking(space, ranked, truth, by), truth, by)
  const ranked = [A, B, C, D].map((path, i) => ({ path, accuracy: [0.9, 0.8, 0.7, 0.1][i], loss: i }))

  it('judges the sub-models that both know', () => {
    const result = judged(ranked, table([A, 93], [B, 94], [D, 10], [[4, 4, 4, 4, 4, 4], 95]))
    expect(result.withGroundTruth).toBe(3)
    expect(result.kendallTau).toBeCloseTo(1 / 3, 12)
    expect(result.spearman).toBeCloseTo(0.5, 12)
    // Losses 0, 3, 1 of A, B, D: B, the best, has the largest.
    const byLoss = judged(
      ranked.map((one, i) => ({ ...one, loss: [0, 3, 2, 1][i] })),
      table([A, 93], [B, 94], [D, 10], [[4, 4, 4, 4, 4, 4], 95]),
    )
    expect(byLoss.kendallTau).toBe(result.kendallTau)
    expect(byLoss.kendallTauByLoss).toBeCloseTo(-1 / 3, 12)
    const bySize = judged(
      [TWO, NONE, ONE].map((path) => ({ path, accuracy: 0.5, loss: 1 })),
      table([NONE, 10], [TWO, 20], [ONE, 30]),
    )
    expect(bySize).toMatchObject({ kendallTau: null, kendallTauByLoss: null })
    expect(bySize.kendallTauByParameters).toBeCloseTo(1 / 3, 12)
    expect(bySize.kendallTauByMultiplyAdds).toBeCloseTo(1 / 3, 12)
    // Ranks by accuracy 2, 1, 3 and by size 1, 2, 3 of NONE, ONE, TWO: sums 3, 3, 6, for truths 10, 30, 20.
    const withSize = judged(
      [NONE, ONE, TWO].map((path, i) => ({ path, accuracy: [0.2, 0.1, 0.3][i], loss: 1 })),
      table([NONE, 10], [TWO, 20], [ONE, 30]),
    )
    expect(withSize.kendallTauWithParameters).toBeCloseTo(0, 12)
    const agreeing = [ONE, TWO, NONE].map((path, i) => ({ path, accuracy: [0.2, 0.3, 0.1][i], loss: 1 }))
    expect(judged(agreeing, table([NONE, 10], [TWO, 20], [ONE, 30])).kendallTauWithParameters).toBeCloseTo(1 / 3, 12)
    expect(result.bestFound).toBe(93)
    expect(result.regret).toBe(2)
    expect(result.precisionAtTop).toEqual({ '1%': 0, '5%': 0, '10%': 0, '20%': 0 })
  })

  it('judges the best ones by what the ranking is sorted by, and correlates by each measure', () => {
    const paths = [NONE, ONE, TWO, [1, 3, 1, 3, 1, 1], [3, 1, 1, 3, 1, 3]]
    // Ranks by accuracy 5, 2, 4, 3, 1 and by size 1, 2, 3.5, 3.5, 5: sums 6, 4, 7.5, 6.5, 6.
    const accuracies = [0.9, 0.5, 0.8, 0.7, 0.4]
    // The last one has the smallest loss.
    const ranked = paths.map((path, i) => ({ path, accuracy: accuracies[i], loss: 5 - i }))
    const truth = table(...paths.map((path, i): [Path, number] => [path, [10, 20, 50, 40, 30][i]]))
    const first = (by?: Criterion) => judged(ranked, truth, by)
    expect([first(), first('accuracy'), first('loss'), first('accuracyAndParameters')]).toMatchObject([
      { bestFound: 10, regret: 40, precisionAtTop: { '20%': 0 } },
      { bestFound: 10, regret: 40, precisionAtTop: { '20%': 0 } },
      { bestFound: 30, regret: 20, precisionAtTop: { '20%': 0 } },
      { bestFound: 50, regret: 0, precisionAtTop: { '20%': 1 } },
    ])
    const correlations = ({ bestFound, regret, precisionAtTop, ...others }: ReturnType<typeof judged>) => others
    expect(correlations(first('accuracyAndParameters'))).toEqual(correlations(first()))
    expect(correlations(first('loss'))).toEqual(correlations(first()))
    // By accuracy, 5 of 10 pairs agree and 5 do not. By the sums, 8 agree, one does not, and one is equal.
    expect(first().kendallTau).toBeCloseTo(0, 12)
    expect(first().kendallTauWithParameters).toBeCloseTo(7 / Math.sqrt(9 * 10), 12)
  })

  it('takes the ranks among all sub-models, also those without ground truth', () => {
    const pools = [4, 4, 4, 4, 4, 4]
    const ranked = [NONE, ONE, pools].map((path, i) => ({ path, accuracy: [0.9, 0.8, 0.7][i], loss: 1 }))
    // Among all, the sums of NONE and ONE are 3 + 1.5 and 2 + 3. Among these two, they would be 2 + 1 and 1 + 2.
    expect(judged(ranked, table([NONE, 1], [ONE, 2])).kendallTauWithParameters).toBe(1)
  })

  it('is null where there is no ground truth, or nothing to compare', () => {
    const none = { kendallTau: null, kendallTauByLoss: null, regret: null, withGroundTruth: 0 }
    expect(judged(ranked, undefined)).toMatchObject(none)
    expect(judged([], table([A, 1]))).toMatchObject({ kendallTau: null, bestFound: null, withGroundTruth: 0 })
    expect(judged(ranked.slice(0, 1), table([A, 93]))).toMatchObject({
      kendallTau: null,
      bestFound: 93,
      regret: 0,
    })
  })
})

describe('sortRanking', () => {
  const pick = ({ parameters, multiplyAdds }: Cost) => ({ parameters, multiplyAdds })
  it('puts the best first and leaves equals in their order', () => {
    const ranked = [D, B, A, C].map((path, i) => ({ path, accuracy: [0.1, 0.5, 0.5, 0.7][i], loss: 1 }))
    const sorted = sortRanking(space, ranked, table([A, 93]), 'accuracy')
    expect(sorted.map(({ path }) => path)).toEqual([C, B, A, D])
    expect(sorted.map(({ groundTruth }) => groundTruth)).toEqual([null, null, 93, null])
    expect(sorted[0].arch).toBe(space.encode(C))
    expect(sorted[0]).toMatchObject(pick(costOf(space)(C)))
  })

  it('finds the ground truth of a sub-model under any path that differs in dead edges only', () => {
    // Node 1 reads nothing in the first two, and nothing reads it in the last.
    const paths = [
      [0, 3, 2, 3, 1, 2],
      [0, 3, 3, 3, 3, 2],
      [3, 3, 0, 3, 0, 2],
    ]
    const ranked = paths.map((path, i) => ({ path, accuracy: 0.9 - i / 10, loss: 1 }))
    const truths = (groundTruth: GroundTruth) =>
      sortRanking(space, ranked, groundTruth, 'accuracy').map(({ groundTruth }) => groundTruth)
    expect(truths(table([paths[1], 70], [paths[2], 71]))).toEqual([70, 70, 71])
    expect(truths(table([A, 93]))).toEqual([null, null, null])
  })

  it('sorts by the criterion, and equals by accuracy', () => {
    const ranked = [TWO, NONE, ONE].map((path, i) => ({ path, accuracy: [0.1, 0.3, 0.2][i], loss: [2, 3, 1][i] }))
    const paths = (by: Criterion) => sortRanking(space, ranked, undefined, by).map(({ path }) => path)
    expect(paths('accuracy')).toEqual([NONE, ONE, TWO])
    expect(paths('loss')).toEqual([ONE, TWO, NONE])
    expect(() => paths('size' as Criterion)).toThrow(
      'Expected accuracy, loss, accuracyAndParameters, accuracyAndMultiplyAdds for by but received "size"',
    )
    // All sums of ranks are 4.
    expect(paths('accuracyAndParameters')).toEqual([NONE, ONE, TWO])
  })

  it('tells parameters from multiply-adds', () => {
    const macro = nasBenchMacro({ channels: 8 })
    // Late layers have more channels and fewer pixels.
    const [early, late, none] = [
      [2, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ]
    const [ofEarly, ofLate] = [early, late].map(costOf(macro))
    expect(ofEarly.parameters).toBeLessThan(ofLate.parameters)
    expect(ofEarly.multiplyAdds).toBeGreaterThan(ofLate.multiplyAdds)
    const ranked = [early, none, late].map((path) => ({ path, accuracy: 0.5, loss: 1 }))
    const truth = table([early, 3], [late, 2], [none, 1])
    const judgedBy = (by: Criterion) => {
      const sorted = sortRanking(macro, ranked, truth, by)
      return { paths: sorted.map(({ path }) => path), agreement: agreement(sorted, truth, by) }
    }
    expect(judgedBy('accuracyAndParameters').paths).toEqual([late, early, none])
    const byAdds = judgedBy('accuracyAndMultiplyAdds')
    expect(byAdds.paths).toEqual([early, late, none])
    expect(byAdds.agreement).toMatchObject({ kendallTauWithMultiplyAdds: 1, bestFound: 3 })
    expect(byAdds.agreement.kendallTauWithParameters).toBeCloseTo(1 / 3, 12)
  })
})
