import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { renderResult } from '../../../../src/cli/output/result.js'
import type { SearchResult } from '../../../../src/search/events.js'
import { ARCH, result } from '../../../support/made-up-search.js'

describe('the result', () => {
  test('lists the best sub-models with path, architecture and both accuracies', () => {
    const text = renderResult(result, { color: false }).join('\n')
    expect(stripVTControlCharacters(text)).toBe(text)
    expect(text).toContain(ARCH)
    expect(text).toMatch(/3,0,3,3,3,2.*84\.31 %.*86\.10 %/)
    expect(text).toMatch(/Kendall tau +0\.412/)
    expect(text).toMatch(/Ranked first +86\.10 % \(regret 0\.40 points\)/)
    expect(text).toMatch(/2\.80e-5 → 2\.10e-6/)
  })

  test('says if the first of those with ground truth may not be the first of all', () => {
    const lines = (ranked: number, withGroundTruth: number) =>
      renderResult({ ...result, ranked, withGroundTruth }, { color: false }).filter((line) =>
        /^Ranked first/.test(line),
      )
    expect(lines(300, 300)).toEqual(['Ranked first      86.10 % (regret 0.40 points)'])
    expect(lines(300, 4)).toEqual(['Ranked first      86.10 % (regret 0.40 points), of the 4 with ground truth'])
  })

  test('says what a ranking is sorted by, unless it is the accuracy', () => {
    const lines = (rankedBy?: 'accuracy' | 'loss' | 'accuracyAndParameters') =>
      renderResult({ ...result, ...(rankedBy && { rankedBy }) }, { color: false }).filter((line) =>
        /^Ranked by/.test(line),
      )
    expect([lines(), lines('accuracy')]).toEqual([[], []])
    expect(lines('loss')).toEqual(['Ranked by         loss'])
    expect(lines('accuracyAndParameters')).toEqual(['Ranked by         accuracy and parameters: sum of ranks'])
    const found = { algorithm: 'random', evaluations: 9, objectives: ['accuracy'], best: [] }
    const foundBy = (by?: 'accuracy' | 'accuracyAndParameters') =>
      renderResult({ ...result, found: { ...found, ...(by && { by }) } }, { color: false }).find((line) =>
        line.startsWith('Found '),
      )
    expect(foundBy()).toBe('Found             best of 9 sub-models, by random, for accuracy')
    expect(foundBy('accuracy')).toBe(foundBy())
    expect(foundBy('accuracyAndParameters')).toBe(
      'Found             best of 9 sub-models, by random, for accuracy and parameters: sum of ranks',
    )
  })

  test('gives first the tau of what the ranking is sorted by', () => {
    const taus = { kendallTauByLoss: 0.45, kendallTauWithParameters: 0.545 }
    const linesOf = (more: Partial<SearchResult>) =>
      renderResult({ ...result, ...taus, ...more }, { color: false }).filter((line) => /^(Kendall|Spearman)/.test(line))
    const [tau, spearman] = linesOf({ rankedBy: 'accuracyAndParameters' })
    expect(tau).toMatch(
      /^Kendall tau {7}0\.545 by accuracy and parameters over \d+ sub-models; 0\.412 by accuracy; 0\.450 by loss/,
    )
    expect(spearman).toMatch(/ by accuracy$/)
    expect(linesOf({ rankedBy: 'loss' })[0]).toMatch(
      / 0\.450 by loss over \d+ sub-models; 0\.412 by accuracy(?!.*loss)/,
    )
    expect(linesOf({ rankedBy: 'accuracyAndMultiplyAdds' })[0]).toMatch(/ 0\.412 by accuracy over /)
    expect(linesOf({}).join()).not.toMatch(/by accuracy/)
  })

  test('says what sizes alone come to, which need no training', () => {
    const sizes = { kendallTauByParameters: 0.4969, kendallTauByMultiplyAdds: 0.3, kendallTauWithParameters: 0.545 }
    const lines = renderResult({ ...result, ...sizes }, { color: false })
    expect(lines).toContain('Size alone        tau 0.497 by parameters, 0.300 by multiply-adds')
    expect(lines).toContain('With size         tau 0.545 with parameters: sums of ranks')
    expect(renderResult({ ...result, ...sizes, kendallTauWithMultiplyAdds: 0.5 }, { color: false })).toContain(
      'With size         tau 0.545 with parameters, 0.500 with multiply-adds: sums of ranks',
    )
    expect(renderResult(result, { color: false }).join()).not.toMatch(/size/i)
  })

  test('says how far tau goes by chance if few sub-models have a ground truth', () => {
    const tauOf = (withGroundTruth: number) =>
      renderResult({ ...result, withGroundTruth }, { color: false }).find((line) => line.startsWith('Kendall'))
    expect(tauOf(2)).toMatch(/0\.412 over 2 sub-models.*; 0 ± 1\.000 by chance$/)
    expect(tauOf(1)).toMatch(/over 1 sub-model(;|$)/)
    for (const count of [1, 30, 300]) expect(tauOf(count)).not.toContain('chance')
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
    expect(text).toContain('0.83 % (regret 0.00 points)')
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
      'Ground truth      mine.csv, column accuracy · 200 architectures · it has none of what was ranked',
    ])
    const trained = renderResult({ ...unknown, ranked: 0, top: [] }, { color: false }).join('\n')
    expect(trained).toMatch(/^pada on .*\nGradient variance .*\nRun folder /)
  })
})
