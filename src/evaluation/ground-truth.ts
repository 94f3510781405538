/**
 * Ground-truth tables: the accuracy of architectures trained on their own, against which a supernet's ranking is
 * judged. A table is a CSV file, `.gz` or plain, with a header, a column `arch` (the space's notation, or operation
 * indices such as "3,0,1,2,4,1") and a column of accuracies in percent. Lines that begin with `#` are comments. A table
 * with a column `hash` instead, such as that of NAS-Bench-101, is read for spaces whose isomorphism keys are hashes.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { UserError } from '../errors.js'
import { parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { parseAccuracyByHash } from './accuracy-by-hash.js'
import { GroundTruthByHash } from './ground-truth-by-hash.js'
import { readTable } from './read-table.js'

export interface GroundTruth {
  /** Number of architectures in the table. */
  readonly size: number
  /** Every path of the table, in its order. */
  readonly paths: readonly Path[]
  /** The most accurate architecture; the first of equals. */
  readonly best: { readonly path: Path; readonly accuracy: number }
  /** Accuracy in percent, or undefined for a path that the table lacks. */
  accuracy(path: Path): number | undefined
}

export interface GroundTruthOptions {
  /** Name of the column of accuracies; default `accuracy`, for a table by hash `test_accuracy`. */
  readonly column?: string
}

const CSV = { bom: true, trim: true, skip_empty_lines: true, comment: '#', comment_no_infix: true } as const

/**
 * Reads a table of `space`. A UserError names the file, and the line where there is one, for: an unreadable file, a
 * missing column, an architecture that is unknown or occurs twice, an accuracy that is not a number in 0…100, no rows.
 */
export async function loadGroundTruth(
  file: string,
  space: SearchSpace,
  options: GroundTruthOptions = {},
): Promise<GroundTruth> {
  const text = await readTable(file)
  if (isByHash(text)) return new GroundTruthByHash(space, parseAccuracyByHash(text, file, options), file)
  const { column = 'accuracy' } = options
  const rows = readRows(text, file)
  const header = rows[0] ?? []
  const archIndex = columnIndex(header, 'arch', file)
  const accuracyIndex = columnIndex(header, column, file)

  const paths: Path[] = []
  const table = new Map<string, number>()
  let best: GroundTruth['best'] | undefined
  for (let row = 1; row < rows.length; row++) {
    const arch = rows[row][archIndex]
    const path = pathOf(arch, space, () => `${file}, line ${lineOf(text, row)}`)
    const accuracy = accuracyOf(rows[row][accuracyIndex], column, () => `${file}, line ${lineOf(text, row)}`)
    const key = path.join()
    if (table.has(key)) {
      throw new UserError(
        `Expected each architecture once in ${file} but received ${arch} again on line ${lineOf(text, row)}`,
      )
    }
    table.set(key, accuracy)
    paths.push(path)
    if (best === undefined || accuracy > best.accuracy) best = { path, accuracy }
  }
  if (best === undefined) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return { size: table.size, paths, best, accuracy: (path) => table.get(path.join()) }
}

/** Whether the header has a column `hash` instead of `arch`. */
function isByHash(text: Buffer): boolean {
  const header = /^(?!#)[^\r\n]*\S/m.exec(text.toString('utf8', 0, 65_536))
  const columns = header === null ? [] : header[0].split(',').map((name) => name.trim())
  return columns.includes('hash') && !columns.includes('arch')
}

function readRows(text: Buffer, file: string): string[][] {
  try {
    return parse(text, CSV)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new UserError(`Expected well-formed CSV for ground truth but received ${file}: ${error.message}`)
  }
}

/** Number of the line that a row ends on. Only errors need it: parsing with line numbers takes twice as long. */
function lineOf(text: Buffer, row: number): number {
  let line = 0
  parse(text, {
    ...CSV,
    to: row + 1,
    on_record: (_record, { lines }) => {
      line = lines
      return null
    },
  })
  return line
}

function columnIndex(header: readonly string[], column: string, file: string): number {
  const index = header.indexOf(column)
  if (index >= 0) return index
  const received = header.length === 0 ? 'no columns' : header.join(', ')
  throw new UserError(`Expected a column "${column}" in ${file} but received ${received}`)
}

function pathOf(text: string, space: SearchSpace, where: () => string): Path {
  try {
    return parsePath(space, text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message} (${where()})`)
  }
}

function accuracyOf(text: string, column: string, where: () => string): number {
  const accuracy = text === '' ? Number.NaN : Number(text)
  if (accuracy >= 0 && accuracy <= 100) return accuracy
  throw new UserError(`Expected a number in 0…100 for "${column}" but received "${text}" (${where()})`)
}
