/** Ground-truth tables in JSON, with an object per architecture, by its name or in a list. */
import { expected } from '../../base/errors.js'
import { columnIndex, defaultColumn, numberOf, type Table } from './table.js'

/** Keys under which an entry of a list may have its architecture. */
const NOTATIONS = ['arch', 'arch_str', 'operation']

/** A row: the architecture, what the file has for it, and where. */
interface Row {
  readonly key: string
  readonly entry: unknown
  readonly place: string
}

/**
 * A table from JSON of the form `{"02012100": {"mean_acc": 89.2, …}, …}` or `[{"arch": "02012100", "mean_acc": 89.2, …},
 * …]`. Its rows keep the order of the file; an architecture that occurs twice has two rows. Throws a UserError that
 * names `file` for JSON of another form.
 */
export function jsonTable(bytes: Buffer, file: string): Table {
  const source = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const table = parseJson(source, file)
  const rows = Array.isArray(table) ? listRows(table, file) : isObject(table) ? objectRows(table, source) : undefined
  if (rows === undefined) {
    throw expected('an object with an entry per architecture', 'ground truth', `${file}, which holds ${show(table)}`)
  }
  const first = rows[0]?.entry
  if (!rows.some(({ entry }) => hasNumber(entry))) {
    const held = rows.length === 0 ? 'no entry' : `${show(first)} for "${rows[0].key}"`
    throw expected('an object with its accuracies', 'each architecture', `${held} (${file})`)
  }
  const columns = [...new Set(rows.flatMap(({ entry }) => (isObject(entry) ? Object.keys(entry) : [])))]
  const place = (row: number) => rows[row].place
  const text = (column: string, row: number): string => {
    const { key, entry } = rows[row]
    if (!isObject(entry)) {
      const received = `${show(entry)} for "${key}" (${file}, ${place(row)})`
      throw expected('an object with its accuracies', 'each architecture', received)
    }
    if (row === 0) columnIndex(columns, column, file)
    return Object.hasOwn(entry, column) ? show(entry[column]) : ''
  }
  return {
    format: 'JSON',
    keyedBy: 'arch',
    keys: rows.map(({ key }) => key),
    columns,
    defaultColumn: defaultColumn(columns, 'mean_acc'),
    kept: false,
    values: (column) => Float64Array.from(rows, (_, row) => numberOf(text(column, row))),
    text,
    place,
  }
}

function objectRows(table: Readonly<Record<string, unknown>>, source: string): Row[] {
  return [...outerKeys(source)].map(({ key, at }) => ({
    key,
    entry: table[key],
    get place() {
      return `line ${source.slice(0, at).split('\n').length}`
    },
  }))
}

function listRows(list: readonly unknown[], file: string): Row[] {
  return list.map((item, i) => {
    const place = `entry ${i + 1}`
    const fields = isObject(item) ? item : {}
    const { [NOTATIONS.find((name) => Object.hasOwn(fields, name)) ?? '']: arch, ...entry } = fields
    const key = Array.isArray(arch) ? arch.join() : arch
    if (typeof key === 'string') return { key, entry, place }
    const wanted = `an object with "${NOTATIONS[0]}" and its accuracies`
    throw expected(wanted, 'each entry of a list', `${show(item)} (${file}, ${place})`)
  })
}

function hasNumber(entry: unknown): boolean {
  return isObject(entry) && Object.values(entry).some((value) => Number.isFinite(numberOf(show(value))))
}

function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    throw expected('well-formed JSON', 'ground truth', `${file}: ${(error as Error).message.split('\n')[0]}`)
  }
}

/**
 * The keys of the outermost object of well-formed JSON, in their order and with their offsets. A parsed object loses
 * that order: it merges equal keys, and puts keys that are integers (`10000000`, but not `00000001`) first.
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
