/** Ground-truth tables in CSV, with a column `arch`, or `hash` where they list hashes of architectures. */
import { CsvError, parse } from 'csv-parse/sync'
import { UserError } from '../../errors.js'
import { columnIndex, defaultColumn, numberOf, type Table } from './table.js'

const CSV = { bom: true, trim: true, skip_empty_lines: true, comment: '#', comment_no_infix: true } as const

/** Fields of all rows by column. */
interface Columns {
  readonly header: readonly string[]
  readonly fields: readonly (readonly string[])[]
}

/**
 * A CSV file with a header that has `arch`, or `hash` instead; throws a UserError that names `file` for one without, or
 * that is no CSV.
 */
export function csvTable(text: Buffer, file: string): Table {
  const { header, fields } = splitPlain(text) ?? parseCsv(text, file)
  const keyedBy = header.includes('hash') && !header.includes('arch') ? 'hash' : 'arch'
  const keyIndex = columnIndex(header, keyedBy, file)
  const columns = header.filter((_, i) => i !== keyIndex)
  const fieldsOf = (column: string) => fields[columnIndex(header, column, file)]
  return {
    format: keyedBy === 'hash' ? 'CSV by hash' : 'CSV',
    keyedBy,
    keys: fields[keyIndex],
    columns,
    defaultColumn: defaultColumn(columns, keyedBy === 'hash' ? 'test_accuracy' : 'accuracy'),
    kept: false,
    values: (column) => Float64Array.from(fieldsOf(column), numberOf),
    text: (column, row) => fieldsOf(column)[row],
    place: (row) => `line ${lineOfRow(text, row + 1)}`,
  }
}

/**
 * Splits text without quotes at line feeds and commas, which takes a tenth of the time of a parser of all CSV; undefined
 * for text that needs one, and for rows of different lengths, about which that knows what to say.
 */
function splitPlain(text: Buffer): Columns | undefined {
  if (text.includes('"')) return undefined
  const source = text.toString('utf8').replace(/^\uFEFF/, '')
  if (/\r(?!\n)/.test(source)) return undefined
  let header: readonly string[] | undefined
  let fields: string[][] = []
  for (const line of source.split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue
    const row = line.split(',')
    if (header === undefined) {
      header = row.map((name) => name.trim())
      fields = header.map(() => [])
      continue
    }
    if (row.length !== header.length) return undefined
    for (let i = 0; i < row.length; i++) fields[i].push(row[i].trim())
  }
  return header && { header, fields }
}

function parseCsv(text: Buffer, file: string): Columns {
  try {
    const [header = [], ...rows] = parse(text, CSV)
    return { header, fields: header.map((_, i) => rows.map((row) => row[i])) }
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
