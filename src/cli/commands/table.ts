import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { integer } from '../../base/format.js'
import { EMBEDDED, parseConfig } from '../../config/index.js'
import { EMBEDDED_TABLE } from '../../ground-truth/embedded-table.js'
import {
  type BestRow,
  bestRows,
  type ColumnSummary,
  coverage,
  summarise,
} from '../../ground-truth/tables/describe-table.js'
import { readTable } from '../../ground-truth/tables/read-table.js'
import { writeTable } from '../../ground-truth/tables/write-table.js'
import { createSpace, type SearchSpace, SPACES, spaceSize } from '../../spaces/index.js'
import { choice, jsonOption, onePath, oneText, whole } from '../options.js'
import { nameWithRemark } from '../output/replaced.js'

const options = {
  space: { ...choice('--space', SPACES), describe: 'Count the architectures of this space in the table' },
  column: {
    type: 'string',
    requiresArg: true,
    describe: 'Column to sort the best rows by',
    defaultDescription: 'accuracy, test_accuracy, mean_acc or cifar10_test',
    coerce: oneText('--column'),
  },
  top: {
    type: 'number',
    requiresArg: true,
    default: 5,
    describe: 'Number of best rows to show',
    coerce: (value: number) => whole('top', value, 0),
  },
  out: {
    type: 'string',
    requiresArg: true,
    describe: 'File to write the table to, .csv or .json',
    coerce: onePath('--out'),
  },
  json: jsonOption,
} as const

interface Covered {
  readonly space: string
  readonly architectures: number
  /** Number of paths of the space, as text if no number is exact; absent for hashes, which paths may share. */
  readonly of?: number | string
}

export const tableCommand: CommandModule<object, InferredOptionTypes<typeof options> & { file?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        describe: 'Table, folder of NATS-Bench with a file per architecture, or `embedded`',
        coerce: onePath('table'),
      })
      .options(options),
  async handler({ file, space: name, column: wanted, top, out, json }) {
    if (file === undefined) throw expected('a file', 'table', 'none', 2)
    if (out !== undefined && !/\.(csv|json)$/i.test(out))
      throw expected('a name that ends in .csv or .json', '--out', out, 2)
    const table = await readTable(file === EMBEDDED ? EMBEDDED_TABLE : file)
    if (table.keys.length === 0) throw expected('architectures', file, 'none')
    // The first column is the default if no column has a usual name. `bestRows` refuses a column that does not exist.
    const usual = table.columns.includes(table.defaultColumn) ? table.defaultColumn : table.columns[0]
    const column = wanted ?? usual
    const best = column === undefined ? [] : bestRows(table, column, top)
    const covered = name && coveredOf(name, table.keyedBy, (space) => coverage(table, space, column, file))
    if (covered?.architectures === 0)
      throw expected(`an architecture of ${name} in ${file}`, '--space', `a table of others, such as ${table.keys[0]}`)
    const written = out === undefined ? [] : [`Written to ${await nameWithRemark(out, [file])}`]
    if (out !== undefined) await writeTable(out, table)
    const { format, keyedBy, keys } = table
    const columns = summarise(table)
    const facts = { file, format, keyedBy, rows: keys.length }
    const result = { event: 'result', ...facts, columns, ...(covered && { covered }), column, best, output: out }
    const text = () => [
      `${format}, ${integer(keys.length)} ${keyedBy === 'hash' ? 'hashes' : 'architectures'}`,
      ...(covered ? [coverageLine(covered)] : []),
      ...columnLines(columns),
      ...(best.length > 0 ? bestLines(column, best) : []),
      ...written,
    ]
    process.stdout.write(`${json ? JSON.stringify(result) : text().join('\n')}\n`)
  },
}

function coveredOf(
  name: (typeof SPACES)[number],
  keyedBy: 'arch' | 'hash',
  count: (space: SearchSpace) => number,
): Covered {
  const space = createSpace(parseConfig({ space: { name } }).space, { channels: 3, height: 32, width: 32 }, 10)
  const size = spaceSize(space)
  const of = size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : String(size)
  return { space: name, architectures: count(space), ...(keyedBy === 'arch' && { of }) }
}

function coverageLine({ space, architectures, of }: Covered): string {
  if (of !== undefined) return `${count(architectures)} of ${count(of)} paths of ${space}`
  return `${count(architectures)} paths of ${space}; paths that differ only in dead edges count as one`
}

function count(value: number | string): string {
  return typeof value === 'number' ? integer(value) : BigInt(value).toLocaleString('en-US')
}

function columnLines(columns: readonly ColumnSummary[]): string[] {
  const table = new Table({
    head: ['column', 'numbers', 'min', 'mean', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { column, count, min, mean, max } of columns)
    table.push([column, integer(count), short(min), short(mean), short(max)])
  return table.toString().split('\n')
}

function bestLines(column: string, best: readonly BestRow[]): string[] {
  const table = new Table({
    head: [column, 'best'],
    colAligns: ['right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const { key, value } of best) table.push([short(value), key])
  return table.toString().split('\n')
}

/** Six significant digits: enough for accuracies and for numbers of parameters. */
function short(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(6)))
}
