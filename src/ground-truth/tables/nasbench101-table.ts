/**
 * NAS-Bench-101 as it is published (https://github.com/google-research/nasbench): a TFRecord file with a record per
 * training. A record is a JSON list of hash, epochs, adjacency, operations, and a `ModelMetrics` message in base64.
 */
import { UserError } from '../../base/errors.js'
import { FileParts } from '../../formats/read-bytes.js'
import { tfRecords } from '../../formats/tfrecord.js'
import type { Accuracies } from './accuracies.js'
import { hashWords } from './hash-words.js'

/** Epochs of the trainings that are read. The larger of the two files has shorter ones too. */
const EPOCHS = 108
/** Most modules; the benchmark has 423,624. */
const MAX_MODULES = 2 ** 20

/** Fields of `EvaluationData`, whose values are doubles. */
const COLUMNS = [
  ['test_accuracy', 5],
  ['validation_accuracy', 4],
  ['train_accuracy', 3],
] as const

/**
 * Reads accuracies, fractions after the last epoch, by hash. Each is the mean over the trainings of 108 epochs, of which
 * the benchmark has three per module.
 *
 * @throws UserError for a damaged file, records of another content, and a file without trainings of 108 epochs.
 */
export function readNasBench101(file: string): Accuracies {
  using parts = new FileParts(file)
  const rows = new Map<string, number>()
  const counts: number[] = []
  const sums: number[][] = COLUMNS.map(() => [])
  for (const record of tfRecords(parts.next, file)) {
    const { hash, epochs, metrics } = parseRecord(record, file)
    if (epochs !== EPOCHS) continue
    const row = rows.get(hash) ?? rows.size
    if (row === rows.size) {
      if (row === MAX_MODULES) throw unlike(`more than ${MAX_MODULES} modules`, file)
      rows.set(hash, row)
      counts.push(0)
      for (const column of sums) column.push(0)
    }
    const evaluation = lastEvaluation(metrics)
    counts[row]++
    for (const [i, [, field]] of COLUMNS.entries()) {
      const value = evaluation.get(field)
      if (value === undefined) throw unlike(`a training of ${hash} without its accuracies`, file)
      sums[i][row] += value
    }
  }
  if (rows.size === 0) throw unlike(`no training of ${EPOCHS} epochs`, file)
  const keys = [...rows.keys()]
  const mean = (column: readonly number[]) => Float64Array.from(column, (sum, row) => sum / counts[row])
  return {
    format: `NAS-Bench-101, mean of ${EPOCHS}-epoch trainings`,
    keyedBy: 'hash',
    keys,
    columns: new Map(COLUMNS.map(([name], i) => [name, mean(sums[i])])),
    hashes: hashWords(keys, (row) => `(${file}, module ${row + 1})`),
  }
}

function parseRecord(record: Buffer, file: string) {
  let value: unknown
  try {
    value = JSON.parse(record.toString('utf8'))
  } catch {
    throw unlike('a record that is no JSON', file)
  }
  const [hash, epochs, , , metrics] = Array.isArray(value) ? value : []
  if (typeof hash !== 'string' || typeof epochs !== 'number' || typeof metrics !== 'string') {
    throw unlike('a record without hash, epochs and metrics', file)
  }
  return { hash, epochs, metrics: Buffer.from(metrics, 'base64') }
}

/** The doubles by field of the last `EvaluationData`, field 1 of the message. */
function lastEvaluation(message: Buffer): ReadonlyMap<number, number> {
  let last: Buffer = Buffer.alloc(0)
  for (const { field, bytes } of protobufFields(message)) if (field === 1 && bytes !== undefined) last = bytes
  const values = new Map<number, number>()
  for (const { field, double } of protobufFields(last)) if (double !== undefined) values.set(field, double)
  return values
}

/** A field of a message: a double, the bytes of a text or message, or neither for other types. */
interface ProtobufField {
  readonly field: number
  readonly double?: number
  readonly bytes?: Buffer
}

/** The fields of a message. Stops at the first that is damaged. https://protobuf.dev/programming-guides/encoding */
function* protobufFields(message: Buffer): Generator<ProtobufField> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; at < message.length; shift *= 128) {
      const byte = message[at++]
      value += (byte & 127) * shift
      if (byte < 128) break
    }
    return value
  }
  while (at < message.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    const type = tag % 8
    const length = type === 0 ? 0 : type === 1 ? 8 : type === 2 ? varint() : type === 5 ? 4 : Number.NaN
    if (!(at + length <= message.length)) return
    if (type === 0) varint()
    if (type === 1) yield { field, double: message.readDoubleLE(at) }
    else yield { field, ...(type === 2 && { bytes: message.subarray(at, at + length) }) }
    at += length
  }
}

function unlike(received: string, file: string): UserError {
  return new UserError(`Expected the records of NAS-Bench-101 in ${file} but received ${received}`)
}
