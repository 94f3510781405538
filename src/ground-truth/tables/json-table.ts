/** Ground-truth tables in JSON, with an object per architecture. */
import { UserError } from '../../base/errors.js'
import { columnIndex, defaultColumn, numberOf, type Table } from './table.js'

/**
 * A JSON file of the form `{"02012100": {"mean_acc": 89.2, …}, …}`. Its rows are in its order, the same architecture
 * twice included. Throws a UserError that names `file` for other forms.
 */
export function jsonTable(bytes: Buffer, file: string): Table {
  const source = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const table = parseJson(source, file)
  if (!isObject(table)) {
    const wanted = 'an object with an entry per architecture for ground truth'
    throw new UserError(`Expected ${wanted} but received ${file}, which holds ${show(table)}`)
  }
  const keys = [...outerKeys(source)]
  const first = keys.length === 0 ? undefined : table[keys[0].key]
  const columns = isObject(first) ? Object.keys(first) : []
  const place = (row: number) => `line ${source.slice(0, keys[row].at).split('\n').length}`
  const text = (column: string, row: number): string => {
    const { key } = keys[row]
    const entry = table[key]
    if (!isObject(entry)) {
      const wanted = 'an object with its accuracies for each architecture'
      throw new UserError(`Expected ${wanted} but received ${show(entry)} for "${key}" (${file}, ${place(row)})`)
    }
    if (row === 0) columnIndex(columns, column, file)
    return Object.hasOwn(entry, column) ? show(entry[column]) : ''
  }
  return {
    format: 'JSON',
    keyedBy: 'arch',
    keys: keys.map(({ key }) => key),
    columns,
    defaultColumn: defaultColumn(columns, 'mean_acc'),
    kept: false,
    values: (column) => Float64Array.from(keys, (_, row) => numberOf(text(column, row))),
    text,
    place,
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
