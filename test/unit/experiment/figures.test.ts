import { describe, expect, it } from 'vitest'
import { studyFigure } from '../../../src/experiment/figures.js'
import { planExperiment } from '../../../src/experiment/load.js'
import { MEASURES, type Measures, summarise } from '../../../src/experiment/measures.js'
import type { Experiment, Study } from '../../../src/experiment/plan.js'
import type { ExperimentResults } from '../../../src/experiment/results.js'
import type { ExperimentInput } from '../../../src/experiment/settings.js'
import { drawFigure } from '../../../src/report/plot.js'

const NOTHING = Object.fromEntries(MEASURES.map((name) => [name, null])) as unknown as Measures

const TRUTH = {
  file: '/tables/nats.csv',
  column: 'cifar10_test',
  architectures: 15_625,
  leftOut: 0,
  unit: 'percent',
  digest: '0',
} as const

const plan = (study: ExperimentInput['studies'][string]) =>
  planExperiment({ name: 'made-up', set: { training: { epochs: 4 } }, seeds: [0, 1, 2], studies: { study } } as never)

/** Results in which the i-th condition has the numbers that `measured` says, for every seed. */
function made(
  { studies: [study], seeds, cells }: Experiment,
  measured: (condition: number, seed: number) => Partial<Measures> | undefined,
): { study: Study; results: ExperimentResults } {
  const conditions = study.conditions.map(({ labels }, i) => {
    const numbers = seeds.flatMap((seed) => measured(i, seed) ?? []).map((some) => ({ ...NOTHING, ...some }))
    return { study: study.name, labels, n: numbers.length, summary: summarise(numbers) }
  })
  const known = cells.map(({ id, labels, seed }) => {
    const about = { cell: id, studies: ['study'], labels, seed, dataset: 'CIFAR-10', groundTruth: TRUTH }
    return { ...about, measures: NOTHING, pathDistributions: [] }
  })
  return { study, results: { name: 'made up', seeds, cells: known, conditions, differences: [] } }
}

async function draw(experiment: Experiment, measured: Parameters<typeof made>[1]): Promise<string> {
  const { study, results } = made(experiment, measured)
  const figure = studyFigure(study, results, experiment.seeds)
  return (figure && (await drawFigure(figure)))!
}

/** How many marks of a kind an SVG has, without those of legends. */
function count(svg: string, kind: 'point' | 'rule' | 'line'): number {
  const [type, shape] = { point: ['symbol', 'path'], rule: ['rule', 'line'], line: ['line', 'path'] }[kind]
  const groups = svg.matchAll(new RegExp(`<g class="mark-${type} role-mark[^"]*">(.*?)</g>`, 'g'))
  return [...groups].reduce((sum, [, marks]) => sum + marks.split(`<${shape} `).length - 1, 0)
}

/** Throws unless every element is closed in order: enough of XML for what Vega writes. */
function checkWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, end, name, self] of svg.matchAll(/<(\/?)([\w:]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name)
    else if (!self) open.push(name)
  }
  expect(open).toEqual([])
  expect(svg.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!\w+;|#)/)
}

const both = (condition: number, seed: number) => ({
  gradientVarianceLast: 1e-5 * (1 + condition) * (1 + 0.1 * seed),
  kendallTau: 0.5 + 0.05 * condition + 0.01 * seed,
})

describe('the figure of a study', () => {
  it('is titled by what it shows', async () => {
    const study = await plan({ figure: 'method', methods: ['spos', 'pada'] })
    expect(await draw(study, both)).toContain('>Gradient variance and rank correlation by method<')
    const alone = await draw(study, () => ({ gradientVarianceLast: 1e-5 }))
    expect(alone).toContain('>Gradient variance by method<')
  })

  it('leaves out of names what the settings of a space do not have', async () => {
    const spaces = [{ label: 'Macro', space: { name: 'nasbench-macro' } }, 'nasbench201'] as const
    const svg = await draw(await plan({ figure: 'method', methods: ['spos'], spaces: [...spaces] }), both)
    expect(svg).toContain('SPOS, Macro, 1.10e-5')
    expect(svg).toContain('SPOS, NAS-Bench-201, per cell, 2.20e-5')
  })

  it('has a point for every method in two panels, in the order of the file', async () => {
    const svg = await draw(await plan({ figure: 'method', methods: ['spos', 'pada'] }), both)
    checkWellFormed(svg)
    expect(count(svg, 'point')).toBe(4)
    expect(count(svg, 'rule')).toBe(4)
    expect(svg.indexOf('SPOS')).toBeLessThan(svg.indexOf('PA&amp;DA'))
    expect(svg).toContain('gradient variance in the last epoch')
    expect(svg).toContain("Kendall's τ")
    expect(svg).toContain('NAS-Bench-201 · CIFAR-10 · truth nats.csv cifar10_test · all training images · 4 epochs')
    expect(svg).toContain('Mean ± one standard deviation over seeds 0, 1, 2')
    expect(svg).toContain('1.10e-5')
    expect(svg).toMatch(/<rect[^>]*fill="white"/)
  })

  it('says that there is one seed, which has no deviation', async () => {
    const experiment = await plan({ figure: 'method', methods: ['spos', 'pada'] })
    const { study, results } = made({ ...experiment, seeds: [7] }, both)
    expect(studyFigure(study, results, [7])!.subtitle[1]).toBe('One seed: 7')
    const cells = results.cells.filter(({ seed }) => seed === 0)
    expect(studyFigure(study, { ...results, cells }, [0, 1, 2])!.subtitle[1]).toBe('One seed so far of seeds 0, 1, 2')
  })

  it('puts points on the lines of their methods, also if methods differ in their epochs', async () => {
    const longer = { label: 'SUMNAS', method: { name: 'sumnas' }, training: { epochs: 1 } }
    const svg = await draw(await plan({ figure: 'method', methods: ['spos', 'pada', longer] } as never), both)
    const [{ 1: points }] = svg.matchAll(/<g class="mark-symbol role-mark[^"]*">(.*?)<\/g>/g)
    const heightsOf = (marks: string) =>
      [...marks.matchAll(/translate\([^,]+,([-\d.]+)\)/g)].map(([, y]) => Math.floor(Number(y)))
    const rows = svg.matchAll(/<g class="mark-rule role-axis-grid">(.*?)<\/g>/g)
    const lines = [...rows].map(([, marks]) => heightsOf(marks)).find((heights) => new Set(heights).size === 3)
    expect(heightsOf(points).toSorted((a, b) => a - b)).toEqual(lines!.toSorted((a, b) => a - b))
    // Lengths that differ stand in the legend only.
    expect(svg).toContain('>1 epoch<')
    expect(svg).not.toContain('4, 1 epochs')
  })

  it('joins the epochs of each method by a line', async () => {
    const svg = await draw(await plan({ figure: 'epochs', methods: ['spos', 'pada'], epochs: [2, 4, 8] }), both)
    checkWellFormed(svg)
    expect(count(svg, 'point')).toBe(12)
    expect(count(svg, 'line')).toBe(4)
    expect(svg).not.toContain('2, 4, 8 epochs')
  })

  it.each([
    { figure: 'method', methods: ['spos', 'pada'] },
    { figure: 'epochs', methods: ['spos', 'pada'], epochs: [2, 4] },
  ] as const)('has a line for the number of parameters alone, if it is the same for all: by $figure', async (study) => {
    const experiment = await plan(study as never)
    const ofSize = (sizeOf: (condition: number) => number) =>
      draw(experiment, (condition, seed) => ({ ...both(condition, seed), kendallTauByParameters: sizeOf(condition) }))
    const [without, one, several] = [
      await draw(experiment, both),
      await ofSize(() => 0.53),
      await ofSize((i) => 0.5 + i),
    ]
    checkWellFormed(one)
    expect(count(one, 'rule')).toBe(count(without, 'rule') + 1)
    expect(one).toContain('>parameters alone<')
    expect(count(several, 'rule')).toBe(count(without, 'rule'))
    const { study: planned, results } = made(experiment, (i, seed) => ({
      ...both(i, seed),
      kendallTauByParameters: 0.53,
    }))
    expect(studyFigure(planned, results, [0, 1, 2])!.description).toContain('parameters alone 0.530.')
  })

  it('leaves the rank correlation out where there is none', async () => {
    const svg = await draw(await plan({ figure: 'method', methods: ['spos', 'pada'] }), (condition, seed) => ({
      gradientVarianceLast: both(condition, seed).gradientVarianceLast,
    }))
    expect(count(svg, 'point')).toBe(2)
    expect(svg).not.toContain("Kendall's τ")
  })

  it('shows the gradient variance that the study asks for', async () => {
    const experiment = await plan({
      figure: 'method',
      variance: 'fixedGradientVariance',
      methods: [{ label: 'SPOS', method: { name: 'spos' }, training: { varianceSteps: 2 } }],
    })
    const svg = await draw(experiment, () => ({
      gradientVarianceLast: 3,
      fixedGradientVariance: 7e-5,
      kendallTau: 0,
    }))
    expect(svg).toContain('gradient variance at fixed weights')
    expect(svg).toContain('7.00e-5')
  })

  it('draws what is there of an unfinished study, and nothing of one not begun', async () => {
    const experiment = await plan({ figure: 'method', methods: ['spos', 'pada'] })
    const svg = await draw(experiment, (condition, seed) => (condition === 0 && seed < 1 ? both(0, seed) : undefined))
    expect(count(svg, 'point')).toBe(2)
    expect(count(svg, 'rule')).toBe(0)
    // Both methods have their place already.
    expect(svg).toContain('PA&amp;DA')
    expect(await draw(experiment, () => undefined)).toBeUndefined()
  })
})
