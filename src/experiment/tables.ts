/** The tables of an experiment as CSV (RFC 4180): dots for decimals, nothing where there is no number. */
import { AXES } from './axes.js'
import { MEASURES } from './measures.js'
import type { CellResult, ConditionResult } from './results.js'

type Value = string | number | null

/** A row per complete cell. */
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

/** A row per condition of every study: how many seeds are in, and mean and standard deviation of each measure. */
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

function csv(rows: readonly (readonly Value[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('')
}

function field(value: Value): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
