/** Figures of studies: gradient variance beside rank correlation, each with a point per condition, ± one deviation. */
import { basename } from 'node:path'
import type { TruthSource } from '../evaluation/events.js'
import { comparisonFigure, type Point } from '../report/figures/comparison.js'
import type { Figure } from '../report/plot.js'
import { AXES, type Axis, nameValue, nameValues } from './axes.js'
import { type Measures, tauOfSizeAlone } from './measures.js'
import type { Condition, Study } from './plan.js'
import type { ConditionResult, ExperimentResults } from './results.js'

const PLACE_TITLES = {
  extent: 'weights are shared',
  noise: 'standard deviation of the noise on gradients',
  epochs: 'epochs',
} as const

const TITLES = {
  extent: 'by extent of weight sharing',
  noise: 'by noise on gradients',
  method: 'by method',
  epochs: 'by length of training',
} as const

const VARIANCE_TITLES = {
  gradientVariance: 'gradient variance, mean over epochs',
  gradientVarianceLast: 'gradient variance in the last epoch',
  gradientVarianceCandidates: 'gradient variance of candidate operations, mean over epochs',
  fixedGradientVariance: 'gradient variance at fixed weights',
  fixedGradientVarianceCandidates: 'gradient variance of candidate operations at fixed weights',
} as const

/** Rows have room for the long names of methods. Lines join points if the axis has numbers. */
const LAYOUTS = { extent: 'columns', noise: 'lines', method: 'rows', epochs: 'lines' } as const

/** The figure of a study; undefined if none of its searches is complete. */
export function studyFigure(study: Study, results: ExperimentResults, seeds: readonly number[]): Figure | undefined {
  const conditions = results.conditions.filter((condition) => condition.study === study.name)
  if (conditions.every(({ n }) => n === 0)) return undefined
  const names = seriesNames(study)
  const points = (measure: keyof Measures) =>
    conditions.flatMap((condition, i) => point(condition, measure, study, names[i]))
  const size = tauOfSizeAlone(conditions)
  const reference = size === undefined ? undefined : { value: size, name: 'parameters alone' }
  const panels = [
    {
      name: 'gradient variance',
      title: VARIANCE_TITLES[study.variance],
      points: points(study.variance),
      format: '.1e',
    },
    { name: 'rank correlation', title: "Kendall's τ", points: points('kendallTau'), format: '.2f', reference },
  ].filter((panel) => panel.points.length > 0)
  const shown = panels.map(({ name }) => name).join(' and ')
  const places = unique(conditions.map(({ labels }) => labels[study.figure]))
  const series = unique(names)
  return comparisonFigure({
    name: study.name,
    title: study.title ?? `${shown.charAt(0).toUpperCase()}${shown.slice(1)} ${TITLES[study.figure]}`,
    subtitle: subtitle(study, results, seeds),
    panels,
    places,
    placeTitle: study.figure === 'method' ? null : PLACE_TITLES[study.figure],
    series,
    layout: LAYOUTS[study.figure],
  })
}

function point({ labels, summary }: ConditionResult, measure: keyof Measures, study: Study, series: string): Point[] {
  const { mean, deviation } = summary[measure]
  if (mean === null) return []
  const spread = deviation ?? 0
  const text = measure === 'kendallTau' ? mean.toFixed(3) : mean.toExponential(2)
  return [{ place: labels[study.figure], series, mean, low: mean - spread, high: mean + spread, text }]
}

/** Name of each condition's series: the values of the other axes that vary; empty if none varies. */
function seriesNames({ conditions, figure }: Study): string[] {
  const others = AXES.filter((axis) => axis !== figure && varies(conditions, axis))
  return conditions.map(({ labels }) => nameValues(others, labels))
}

function varies(conditions: readonly Condition[], axis: Axis): boolean {
  return unique(conditions.map(({ labels }) => labels[axis])).length > 1
}

/** The settings that all points share, and the seeds. */
function subtitle({ conditions }: Study, results: ExperimentResults, seeds: readonly number[]): string[] {
  const cells = conditions.flatMap((condition) => condition.cells)
  const shown = results.cells.filter(({ cell }) => cells.some(({ id }) => id === cell))
  const datasets = unique(shown.map(({ dataset }) => dataset))
  const truths = unique(shown.flatMap(({ groundTruth }) => (groundTruth ? [nameTruth(groundTruth)] : [])))
  const configs = cells.map(({ config }) => config)
  const same = (axis: Axis) => (varies(conditions, axis) ? [] : [nameValue(axis, conditions[0].labels[axis])])
  const counts = unique(configs.map(({ data }) => data.trainCount?.toLocaleString('en-US') ?? 'all'))
  const complete = conditions.map(
    ({ labels: _, cells }) => cells.filter(({ id }) => results.cells.some(({ cell }) => cell === id)).length,
  )
  return [
    [
      ...same('space'),
      ...same('method'),
      ...datasets,
      ...(truths.length === 0 ? [] : [`truth ${truths.join(' or ')}`]),
      `${counts.join(' or ')} training images`,
      // The figure itself tells lengths that differ.
      ...same('epochs'),
    ].join(' · '),
    seedLine(seeds, Math.min(...complete), Math.max(...complete)),
  ]
}

/** Says what points are: means over seeds, or one seed. Conditions have `fewest` to `most` complete searches. */
function seedLine(seeds: readonly number[], fewest: number, most: number): string {
  if (seeds.length === 1) return `One seed: ${seeds[0]}`
  const list = seeds.join(', ')
  if (most <= 1) return `One seed so far of seeds ${list}`
  const partial = fewest === seeds.length ? '' : `; so far ${fewest === most ? most : `${fewest} to ${most}`} of them`
  return `Mean ± one standard deviation over seeds ${list}${partial}`
}

function nameTruth({ file, column }: TruthSource): string {
  return `${basename(file)} ${column}`
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
