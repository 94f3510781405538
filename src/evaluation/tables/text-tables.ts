/** Ground-truth tables in text: CSV, or JSON with an object per architecture. */
import { CsvError, parse } from 'csv-parse/sync'
import { UserError } from '../../errors.js'
import { parseAccuracyByHash } from '../accuracy-by-hash.js'
import { columnIndex, type Table, type TableRow } from './table.js'

const CSV = { bom: true, trim: true, skip_empty_lines: true, comment: '#', comment_no_infix: true } as const

/**
 * A CSV file with a header that has `arch`, or `hash` instead; throws a UserError that names `file` for one without, or
 * that is no CSV.
 */
export function csvTable(text: Buffer, file: string): Table {
  if (isByHash(text)) return hashTable(text, file)
  const [header = [], ...rows] = parseCsv(text, file)
  return columnTable('CSV', header, rows, text, 'arch', file)
}

/** Whether the header has a column `hash` instead of `arch`. */
function isByHash(text: Buffer): boolean {
  const header = /^(?!#)[^\r\n]*\S/m.exec(text.toString('utf8', 0, 65_536))
  const columns = header === null ? [] : header[0].split(',').map((name) => name.trim())
  return columns.includes('hash') && !columns.includes('arch')
}

/** Hundreds of thousands of rows, as NAS-Bench-101 has, are not parsed as CSV before somebody asks for all of them. */
function hashTable(text: Buffer, file: string): Table {
  let parsed: Table | undefined
  const whole = () => {
    const [header = [], ...rows] = parseCsv(text, file)
    parsed ??= columnTable('CSV by hash', header, rows, text, 'hash', file)
    return parsed
  }
  return {
    format: 'CSV by hash',
    get columns() {
      return whole().columns
    },
    defaultColumn: 'test_accuracy',
    rows: (column) => whole().rows(column),
    byHash: (column) => parseAccuracyByHash(text, file, { column }),
  }
}

function columnTable(
  format: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  text: Buffer,
  key: string,
  file: string,
): Table {
  const keyIndex = columnIndex(header, key, file)
  return {
    format,
    columns: header.filter((name) => name !== key),
    defaultColumn: 'accuracy',
    rows(column): TableRow[] {
      const index = columnIndex(header, column, file)
      return rows.map((fields, i) => ({
        arch: fields[keyIndex],
        accuracy: fields[index],
        place: () => `line ${lineOfRow(text, i + 1)}`,
      }))
    },
  }
}

function parseCsv(text: Buffer, file: string): string[][] {
  try {
    return parse(text, CSV)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new UserError(`Expected well-formed CSV for ground truth but received ${file}: ${error.message}`)
  }
}

/** Number of the line that a row ends on. Only errors need it: parsing with line numbers takes twice as long. */
function lineOfRow(text: Buffer, row: number): number {
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

/**
 * A JSON file of the form `{"02012100": {"mean_acc": 89.2, …}, …}`. Its rows are in its order, the same architecture
 * twice included. Throws a UserError that names `file` for other forms.
 */
export function jsonTable(text: Buffer, file: string): Table {
  const source = text.toString('utf8').replace(/^\uFEFF/, '')
  const table = parseJson(source, file)
  if (!isObject(table)) {
    const wanted = 'an object with an entry per architecture for ground truth'
    throw new UserError(`Expected ${wanted} but received ${file}, which holds ${show(table)}`)
  }
  const keys = [...outerKeys(source)]
  const first = keys.length === 0 ? undefined : table[keys[0].key]
  const columns = isObject(first) ? Object.keys(first) : []
  return {
    format: 'JSON',
    columns,
    defaultColumn: 'mean_acc',
    rows(column): TableRow[] {
      return keys.map(({ key, at }, i) => {
        const place = () => `line ${source.slice(0, at).split('\n').length}`
        const entry = table[key]
        if (!isObject(entry)) {
          const wanted = 'an object with its accuracies for each architecture'
          throw new UserError(`Expected ${wanted} but received ${show(entry)} for "${key}" (${file}, ${place()})`)
        }
        if (i === 0) columnIndex(columns, column, file)
        return { arch: key, accuracy: Object.hasOwn(entry, column) ? show(entry[column]) : '', place }
      })
    },
  }
}

function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new UserError(
      `Expected well-formed JSON for ground truth but received ${file}: ${(error as Error).message.split('\n')[0]}`,
    )
  }
}

/**
 * The keys of the outermost object of well-formed JSON, and where they are. A parsed object cannot tell: it has equal
 * keys once, and those that are numbers, as `10000000` is one and `00000001` is not, before all others.
 */
function* outerKeys(source: string): Generator<{ key: string; at: number }> {
  let depth = 0
  for (const { 0: token, 1: text, 2: colon, index } of source.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[[\]{}]/g)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && colon !== undefined) yield { key: JSON.parse(text), at: index }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
