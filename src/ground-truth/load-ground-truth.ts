/**
 * Ground-truth tables: accuracies of architectures trained on their own, to compare a supernet's ranking with. A table
 * has columns of accuracies in percent or as fractions, and a row per architecture, in the space's notation or as
 * operation indices such as "3,0,1,2,4,1". A table like NAS-Bench-101's has fractions and a row per hash, for spaces
 * whose isomorphism keys are hashes. `tables/open-table.ts` lists the formats of tables.
 */
import { createHash } from 'node:crypto'
import { expected, UserError } from '../base/errors.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { AccuracyByHash } from './accuracy-by-hash.js'
import { columnOfData } from './column-of-data.js'
import { GroundTruthByHash } from './ground-truth-by-hash.js'
import { openTable } from './tables/open-table.js'
import { readTable } from './tables/read-table.js'
import { isHashTable, lacksNumber, type Table } from './tables/table.js'

/** Options for reading a table. */
export interface GroundTruthOptions {
  /**
   * Name of the column of accuracies. Default: the column of `dataSet`, else the usual column of the table's format, else
   * the first of `accuracy`, `test_accuracy`, `mean_acc` and `cifar10_test`.
   */
  readonly column?: string
  /** Name of the data set, such as `cifar100`. If it is given, no other data set's column is read by default. */
  readonly dataSet?: string
  /** When aborted, reading stops and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Reads a table of `space`. A large table is read from its file the first time, and later from a copy in the cache
 * folder. If no accuracy is above 1, the column has fractions, which become percent. Rows without a number are left out.
 *
 * @throws UserError, which names the file and the line if there is one, for: an unreadable file, a missing column, no
 *   rows, an architecture that is unknown or occurs twice, an accuracy outside 0…100 percent (for hashes, outside 0…1),
 *   no column of the data set. The reason of an aborted signal.
 */
export async function loadGroundTruth(
  file: string,
  space: SearchSpace,
  options: GroundTruthOptions = {},
): Promise<GroundTruth> {
  const { signal } = options
  signal?.throwIfAborted()
  const table = await readTable(file)
  signal?.throwIfAborted()
  const column = chooseColumn(table, file, options)
  try {
    // Without its text, a missing number cannot be told from a mistake.
    const lacksText = table.kept && /^(CSV|JSON)/.test(table.format) && table.values(column).some(Number.isNaN)
    return groundTruthOf(lacksText ? await openTable(file) : table, file, space, column)
  } catch (error) {
    if (!(error instanceof UserError) || !table.kept) throw error
    // The copy has no line numbers; the file has them.
    return groundTruthOf(await openTable(file), file, space, column)
  }
}

function chooseColumn(table: Table, file: string, { column, dataSet }: GroundTruthOptions): string {
  if (column !== undefined) return column
  return dataSet === undefined ? table.defaultColumn : columnOfData(table, file, dataSet)
}

function groundTruthOf(table: Table, file: string, space: SearchSpace, column: string): GroundTruth {
  if (isHashTable(table)) {
    const byHash = new AccuracyByHash(table, file, column)
    const { size: architectures, leftOut } = byHash
    const digest = digestOf(table.hashes(), table.values(column))
    return new GroundTruthByHash(space, byHash, file, {
      file,
      column,
      architectures,
      leftOut,
      unit: 'fraction',
      digest,
    })
  }
  const rows = readRows(table, file, space, column)
  const paths = rows.map(({ path }) => path)
  const unit = rows.every(({ value }) => value <= 1) ? 'fraction' : 'percent'
  const percent = (value: number) => (unit === 'percent' ? value : 100 * value)
  const accuracies = new Map(rows.map(({ path, value }) => [path.join(), percent(value)]))
  const first = rows.reduce((best, row) => (row.value > best.value ? row : best))
  const digest = digestOf(
    rows.map(({ path }) => path.join()).join(' '),
    Float64Array.from(rows, ({ value }) => value),
  )
  return {
    source: { file, column, architectures: paths.length, leftOut: table.keys.length - paths.length, unit, digest },
    size: paths.length,
    paths,
    best: { path: first.path, accuracy: percent(first.value) },
    accuracy: (path) => accuracies.get(path.join()),
  }
}

/** Digest of what was read. It is the same for a table that was moved, or is read from its copy in the cache. */
function digestOf(keys: string | Uint32Array, values: Float64Array): string {
  // A missing number has one form only, which is no accuracy.
  const numbers = values.map((value) => (Number.isNaN(value) ? -1 : value))
  return createHash('sha256').update(keys).update(numbers).digest('hex').slice(0, 32)
}

/** The rows that have a number: at least one. */
function readRows(table: Table, file: string, space: SearchSpace, column: string): { path: Path; value: number }[] {
  const { keys } = table
  const values = table.values(column)
  const seen = new Set<string>()
  const rows: { path: Path; value: number }[] = []
  for (let row = 0; row < keys.length; row++) {
    const path = pathOf(keys[row], space, () => `${file}, ${table.place(row)}`)
    seen.add(path.join())
    if (seen.size === row) {
      const received = `${keys[row]} again on ${table.place(row)}`
      throw new UserError(`Expected each architecture once in ${file} but received ${received}`)
    }
    const value = values[row]
    if (value >= 0 && value <= 100) rows.push({ path, value })
    else if (!Number.isNaN(value) || !lacksNumber(table, column, row)) {
      const received = `"${table.text(column, row)}" (${file}, ${table.place(row)})`
      throw expected('a number in 0…100', `"${column}"`, received)
    }
  }
  if (keys.length === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  if (rows.length === 0) throw expected('at least one number', `"${column}"`, `none (${file})`)
  return rows
}

function pathOf(text: string, space: SearchSpace, where: () => string): Path {
  try {
    return parsePath(space, text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message} (${where()})`)
  }
}
