/** Describes a table: its columns, its best rows, and the share of a search space that it covers. */
import { UserError } from '../../base/errors.js'
import { parsePath } from '../../spaces/path.js'
import type { SearchSpace } from '../../spaces/space.js'
import { AccuracyByHash } from '../accuracy-by-hash.js'
import { GroundTruthByHash } from '../ground-truth-by-hash.js'
import { isHashTable, type Table } from './table.js'

export interface ColumnSummary {
  readonly column: string
  /** Number of rows with a number in the column; minimum, mean and maximum are taken over these. */
  readonly count: number
  /** Null if no row has a number; so are mean and maximum. */
  readonly min: number | null
  readonly mean: number | null
  readonly max: number | null
}

/** Count and range of every column. */
export function summarise(table: Table): ColumnSummary[] {
  return table.columns.map((column) => {
    const values = table.values(column).filter(Number.isFinite)
    const count = values.length
    if (count === 0) return { column, count, min: null, mean: null, max: null }
    const [first] = values
    const [min, max] = values.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [first, first],
    )
    return { column, count, min, mean: values.reduce((sum, value) => sum + value, 0) / count, max }
  })
}

/** A row's key and its number in a column. */
export interface BestRow {
  readonly key: string
  readonly value: number
}

/** The `count` rows with the largest numbers in a column, largest first. Equal rows keep the order of the table. */
export function bestRows(table: Table, column: string, count: number): BestRow[] {
  const values = table.values(column)
  const rows = Array.from(values.keys()).filter((row) => Number.isFinite(values[row]))
  const best = rows.sort((a, b) => values[b] - values[a]).slice(0, count)
  const { keys } = table
  return best.map((row) => ({ key: keys[row], value: values[row] }))
}

/**
 * Number of architectures of a space that a table has. For a table of hashes, paths that differ in dead edges only
 * count once, and counting takes seconds. Throws a UserError for a table of hashes and a space without hashes.
 */
export function coverage(table: Table, space: SearchSpace, column: string, file: string): number {
  if (isHashTable(table))
    return new GroundTruthByHash(space, new AccuracyByHash(table, file, column), file).paths.length
  const paths = new Set<string>()
  for (const key of table.keys) {
    try {
      paths.add(parsePath(space, key).join())
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  return paths.size
}
