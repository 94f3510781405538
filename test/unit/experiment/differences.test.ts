import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { type Compared, differences } from '../../../src/experiment/differences.js'
import { MEASURES, type Measures } from '../../../src/experiment/measures.js'
import { differenceTable } from '../../../src/experiment/tables.js'

const NOTHING = Object.fromEntries(MEASURES.map((name) => [name, null])) as unknown as Measures

/** A condition of the study `longer`, which varies method and length, with a search per seed. */
function condition(method: string, epochs: string, taus: Readonly<Record<number, number | null>>): Compared {
  const labels = { space: 'S', extent: '', method, noise: '', epochs }
  const cells = Object.entries(taus).map(([seed, kendallTau]) => ({
    ...{ cell: `${method}-${epochs}-${seed}`, studies: ['longer'], labels, seed: Number(seed), dataset: 'x' },
    ...{ measures: { ...NOTHING, kendallTau }, pathDistributions: [] },
  }))
  return { study: 'longer', axes: ['method', 'epochs'], labels, cells }
}

it('pairs equal seeds, of conditions that differ in one axis', () => {
  const found = differences([
    condition('SPOS', '4', { 0: 0.2, 1: 0.4, 2: 0.9 }),
    condition('PA&DA', '4', { 0: 0.3, 1: 0.7, 5: 0.1 }),
    condition('PA&DA', '8', { 0: 0.6 }),
    condition('SPOS', '8', { 9: 0.5 }),
  ])
  // Seeds 0 and 1: +0.1 and +0.3. PA&DA at 4 and 8 share seed 0; the two at 8 share none; SPOS at 4 and 8 share none.
  expect(found.map(({ axis, from, to, n }) => [axis, from.method, to.method, to.epochs, n])).toEqual([
    ['method', 'SPOS', 'PA&DA', '4', 2],
    ['epochs', 'PA&DA', 'PA&DA', '8', 1],
  ])
  const { mean, deviation, error } = found[0].measures.kendallTau
  expect(mean).toBeCloseTo(0.2, 12)
  expect(deviation).toBeCloseTo(0.1 * Math.SQRT2, 12)
  expect(error).toBeCloseTo(0.1, 12)
  expect(found[1].measures.kendallTau).toMatchObject({ n: 1, error: null })
  expect(found[0].measures.regret).toEqual({ n: 0, mean: null, deviation: null, error: null })
})

it('says nothing of a number that a seed of the pairs lacks, as the summary does, and does not mix studies', () => {
  const [a, b] = [condition('SPOS', '4', { 0: null, 1: 0.5 }), condition('PA', '4', { 0: 0.3, 1: 0.4 })]
  const [found] = differences([a, b])
  expect(found.n).toBe(2)
  expect(found.measures.kendallTau).toEqual({ n: 0, mean: null, deviation: null, error: null })
  expect(differences([a, { ...b, study: 'other' }])).toEqual([])
})

it('looks at the axes that the study varies: a method may train for fewer epochs', () => {
  const conditions = [condition('SPOS', '20', { 0: 0.2, 1: 0.4 }), condition('FairNAS', '4', { 0: 0.3, 1: 0.7 })]
  expect(differences(conditions)).toEqual([])
  const found = differences(conditions.map((one) => ({ ...one, axes: ['method'] })))
  expect(found).toMatchObject([{ axis: 'method', n: 2, measures: { kendallTau: { n: 2 } } }])
  const [row] = parse(differenceTable(found), { columns: true }) as Record<string, string>[]
  expect(row).toMatchObject({ method: 'SPOS → FairNAS', epochs: '20 → 4' })
})

it('is a row of a table that names both values', () => {
  const text = differenceTable(differences([condition('SPOS', '4', { 0: 1 }), condition('PA&DA', '4', { 0: 0.5 })]))
  const [row] = parse(text, { columns: true }) as Record<string, string>[]
  expect(row).toMatchObject({ study: 'longer', method: 'SPOS → PA&DA', epochs: '4', n: '1' })
  expect(row).toMatchObject({ kendallTau: '-0.5', kendallTauError: '' })
})
