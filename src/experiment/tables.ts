/** Tables of an experiment as CSV (RFC 4180). Numbers have decimal points; a missing number is an empty field. */
import { csvField } from '../base/csv.js'
import { AXES } from './axes.js'
import type { Difference } from './differences.js'
import { MEASURES } from './measures.js'
import type { CellResult, ConditionResult } from './results.js'

type Value = string | number | null

/** A row per complete search. */
export function cellTable(cells: readonly CellResult[]): string {
  const head = ['cell', 'studies', ...AXES, 'seed', ...MEASURES]
  const rows = cells.map(({ cell, studies, labels, seed, measures }) => [
    cell,
    studies.join(' '),
    ...AXES.map((axis) => labels[axis]),
    seed,
    ...MEASURES.map((name) => measures[name]),
  ])
  return csv([head, ...rows])
}

/** A row per condition of every study: number of complete seeds, mean and standard deviation of each measure. */
export function conditionTable(conditions: readonly ConditionResult[]): string {
  const head = ['study', ...AXES, 'n', ...MEASURES.flatMap((name) => [name, `${name}Deviation`])]
  const rows = conditions.map(({ study, labels, n, summary }) => [
    study,
    ...AXES.map((axis) => labels[axis]),
    n,
    ...MEASURES.flatMap((name) => [summary[name].mean, summary[name].deviation]),
  ])
  return csv([head, ...rows])
}

/**
 * A row per pair of conditions that differ in one axis of their study, whose field reads “SPOS → PA&DA”: number of seeds
 * in both, mean difference of each measure over these seeds, and its standard error. Other fields read so too if they
 * follow from that axis, as the epochs of a method do.
 */
export function differenceTable(differences: readonly Difference[]): string {
  const head = ['study', ...AXES, 'n', ...MEASURES.flatMap((name) => [name, `${name}Error`])]
  const rows = differences.map(({ study, from, to, n, measures }) => [
    study,
    ...AXES.map((axis) => (from[axis] === to[axis] ? from[axis] : `${from[axis]} → ${to[axis]}`)),
    n,
    ...MEASURES.flatMap((name) => [measures[name].mean, measures[name].error]),
  ])
  return csv([head, ...rows])
}

function csv(rows: readonly (readonly Value[])[]): string {
  const field = (value: Value) => csvField(String(value ?? ''))
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('')
}
