import Table from 'cli-table3'
import { createColors } from 'picocolors'
import { integer, percent } from '../../base/format.js'
import type { BenchmarkResult, PathMeasurement } from '../../benchmark/bench.js'
import type { Family } from '../../native/index.js'

/** Column heads of the families, in the order shown. */
const COLUMNS: readonly (readonly [Family, string])[] = [
  ['convForward', 'conv\nforward'],
  ['convBackward', 'conv\nbackward'],
  ['norm', 'norm'],
  ['pool', 'pool'],
  ['sum', 'sum'],
  ['loss', 'loss'],
  ['statistics', 'stati-\nstics'],
  ['optimizer', 'opti-\nmizer'],
  ['communication', 'commu-\nnication'],
  ['other', 'other'],
]

/** Renders the times of all paths in milliseconds as a table, with the mean in the last row, and a summary. */
export function renderBenchmark(
  paths: readonly PathMeasurement[],
  result: BenchmarkResult,
  style: { readonly color: boolean },
): string[] {
  const colors = createColors(style.color)
  // One process sends no messages.
  const columns = COLUMNS.filter(([family]) => family !== 'communication' || result.processes > 1)
  const head = ['path', 'step', 'images/s', ...columns.map(([, title]) => title), 'convs in\nATen alone', 'peak\nMiB']
  const table = new Table({
    head: head.map((title) => title.split('\n').map(colors.bold).join('\n')),
    colAligns: ['left', ...new Array(head.length - 1).fill('right')],
    style: { head: [], border: [], compact: true },
  })
  for (const measurement of paths) table.push([measurement.path.join(), ...cells(measurement, columns)])
  table.push(['mean', ...cells(result, columns)].map((cell) => colors.bold(cell)))
  const facts: [string, string][] = [
    ['Images per second', integer(result.imagesPerSecond)],
    [
      'Convolutions',
      `${percent(result.convSeconds / result.stepSeconds)} of a step would be ATen's convolutions alone`,
    ],
    ['Statistics', `${percent(result.bookkeepingShare)} of the computation, with the optimizer`],
    ['JavaScript', `${percent(result.javascriptShare)} of the time, in which nothing is computed`],
    ...(result.processes === 1
      ? []
      : [
          [
            'Messages',
            `${(result.bytesPerStep / 1e6).toFixed(2)} MB per process and step; it waits for them ${percent(result.breakdown.communication / result.stepSeconds)} of the time`,
          ] satisfies [string, string],
        ]),
    ['Peak memory', `${mebibytes(result.peakBytes)} MiB`],
  ]
  return [
    describeSubject(result),
    ...table.toString().split('\n'),
    ...facts.map(([name, value]) => `${colors.bold(name.padEnd(18))}${value}`),
  ]
}

function describeSubject(result: BenchmarkResult): string {
  const { mode, space, dataset, batchSize, precision, threads, processes, backend, device } = result
  const each = device === 'cpu' ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : device
  const where = processes === 1 ? each : `${processes} processes of ${each} (${backend})`
  const what = mode === 'train' ? 'training steps' : 'evaluations'
  return `${space}, ${what} of ${batchSize} on ${dataset}, ${precision}, ${where}; milliseconds`
}

function cells(measurement: PathMeasurement | BenchmarkResult, columns: typeof COLUMNS): string[] {
  const { stepSeconds, imagesPerSecond, breakdown, convSeconds, peakBytes } = measurement
  return [
    milliseconds(stepSeconds),
    integer(imagesPerSecond),
    ...columns.map(([family]) => milliseconds(breakdown[family])),
    milliseconds(convSeconds),
    mebibytes(peakBytes),
  ]
}

/** Shows three digits, because steps take from a millisecond to seconds. */
function milliseconds(seconds: number): string {
  const value = 1000 * seconds
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

function mebibytes(bytes: number): string {
  return integer(bytes / 2 ** 20)
}
