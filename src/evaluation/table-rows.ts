/** Rows of ground-truth tables, whatever the form of their file: CSV, or JSON objects by architecture. */
import { CsvError, parse } from 'csv-parse/sync'
import { UserError } from '../errors.js'

export interface TableRow {
  /** As the file has it. */
  readonly arch: string
  /** As the file has it; empty where a row lacks it. */
  readonly accuracy: string
  /** Number of the line that the row is on, for messages. */
  line(): number
}

const CSV = { bom: true, trim: true, skip_empty_lines: true, comment: '#', comment_no_infix: true } as const

/**
 * Rows of a CSV file with a header that has `arch` and `column`; throws a UserError that names `file` for a file
 * without them or that is no CSV.
 */
export function csvRows(text: Buffer, column: string, file: string): TableRow[] {
  const [header = [], ...rows] = parseCsv(text, file)
  const archIndex = columnIndex(header, 'arch', file)
  const accuracyIndex = columnIndex(header, column, file)
  return rows.map((fields, i) => ({
    arch: fields[archIndex],
    accuracy: fields[accuracyIndex],
    line: () => lineOfRow(text, i + 1),
  }))
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
 * Rows of a JSON file of the form `{"02012100": {"mean_acc": 89.2, …}, …}`, in its order, the same architecture twice
 * included; throws a UserError that names `file` for other forms, and where the first architecture lacks `column`.
 */
export function jsonRows(text: Buffer, column: string, file: string): TableRow[] {
  const source = text.toString('utf8').replace(/^\uFEFF/, '')
  const table = parseJson(source, file)
  if (!isObject(table)) {
    const wanted = 'an object with an entry per architecture for ground truth'
    throw new UserError(`Expected ${wanted} but received ${file}, which holds ${show(table)}`)
  }
  const rows: TableRow[] = []
  for (const { key, at } of outerKeys(source)) {
    const line = () => source.slice(0, at).split('\n').length
    const entry = table[key]
    if (!isObject(entry)) {
      const wanted = 'an object with its accuracies for each architecture'
      throw new UserError(`Expected ${wanted} but received ${show(entry)} for "${key}" (${file}, line ${line()})`)
    }
    if (rows.length === 0) columnIndex(Object.keys(entry), column, file)
    rows.push({ arch: key, accuracy: Object.hasOwn(entry, column) ? show(entry[column]) : '', line })
  }
  return rows
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

function columnIndex(names: readonly string[], column: string, file: string): number {
  const index = names.indexOf(column)
  if (index >= 0) return index
  const received = names.length === 0 ? 'no columns' : names.join(', ')
  throw new UserError(`Expected a column "${column}" in ${file} but received ${received}`)
}
