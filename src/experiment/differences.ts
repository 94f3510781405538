/**
 * Paired differences between conditions: the same seeds in both, so that what a seed does to both of them cancels out.
 */
import { completeStatistic, type Statistic } from '../base/statistics.js'
import type { Axis } from './axes.js'
import { MEASURES, type Measures } from './measures.js'
import type { Labels } from './plan.js'
import type { CellResult } from './results.js'

/** The difference between two conditions of a study that differ in one of the axes that it varies. */
export interface Difference {
  readonly study: string
  /** The axis in which they differ. */
  readonly axis: Axis
  /** The condition that comes first in the file. */
  readonly from: Labels
  readonly to: Labels
  /** Number of seeds that are complete in both. */
  readonly n: number
  /** Per measure, the values of `to` minus those of `from`, seed by seed; empty if a seed lacks the measure. */
  readonly measures: Readonly<Record<keyof Measures, PairedDifference>>
}

/** A mean difference and its error. */
export interface PairedDifference extends Statistic {
  /** Standard error of the mean, deviation / √n; null with fewer than two seeds. */
  readonly error: number | null
}

/** A condition of a study, and its complete searches. */
export interface Compared {
  readonly study: string
  /** The axes that the study varies. Values may change other labels too: a method that trains for fewer epochs. */
  readonly axes: readonly Axis[]
  readonly labels: Labels
  readonly cells: readonly CellResult[]
}

/** Differences between all pairs of conditions of one study that differ in one of its axes and share a seed. */
export function differences(conditions: readonly Compared[]): Difference[] {
  return conditions.flatMap((from, i) =>
    conditions.slice(i + 1).flatMap((to) => {
      const axes = from.axes.filter((axis) => from.labels[axis] !== to.labels[axis])
      if (from.study !== to.study || axes.length !== 1) return []
      const pairs = from.cells.flatMap((a) => {
        const b = to.cells.find(({ seed }) => seed === a.seed)
        return b === undefined ? [] : [[a.measures, b.measures] as const]
      })
      if (pairs.length === 0) return []
      const measures = MEASURES.map((name) => [name, paired(pairs.map(([a, b]) => minus(b[name], a[name])))])
      const { study, labels } = from
      return [
        { study, axis: axes[0], from: labels, to: to.labels, n: pairs.length, measures: Object.fromEntries(measures) },
      ]
    }),
  )
}

function paired(values: readonly (number | null)[]): PairedDifference {
  const { n, mean, deviation } = completeStatistic(values)
  return { n, mean, deviation, error: deviation === null ? null : deviation / Math.sqrt(n) }
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b
}
