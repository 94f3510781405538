/**
 * The layout that the tables of NAS-Bench-201 (https://github.com/D-X-Y/NAS-Bench-201) and NATS-Bench
 * (https://github.com/D-X-Y/NATS-Bench) share. Each architecture has training schedules. Each schedule has results for
 * several data sets and seeds, with learning curves. The columns are accuracies of the last epoch, averaged over seeds,
 * as the benchmarks' own code returns them.
 */
import { UserError } from '../../base/errors.js'
import { type Accuracies, AccuracyRows } from './accuracies.js'

/** The keys of a result that are used. All others are dropped while the file is read. */
const TRAIN = 'train_acc1es'
const EVALUATED = 'eval_acc1es'
const USED = new Set(['epochs', TRAIN, EVALUATED])

/** The published tables have three seeds, four data sets and two schedules. */
const MAX_RESULTS = 100
const MAX_SCHEDULES = 10

interface Column {
  readonly name: string
  /** The benchmark's name of the data set that was trained on. */
  readonly dataset: string
  /** The benchmark's name of the images evaluated on; undefined for the training images. */
  readonly images?: string
}

/** NAS-Bench-201 validates after training on half of CIFAR-10's training images, and tests after training on all. */
const COLUMNS: readonly Column[] = [
  { name: 'cifar10_train', dataset: 'cifar10' },
  { name: 'cifar10_valid', dataset: 'cifar10-valid', images: 'x-valid' },
  { name: 'cifar10_test', dataset: 'cifar10', images: 'ori-test' },
  { name: 'cifar100_train', dataset: 'cifar100' },
  { name: 'cifar100_valid', dataset: 'cifar100', images: 'x-valid' },
  { name: 'cifar100_test', dataset: 'cifar100', images: 'x-test' },
  { name: 'imagenet16_120_train', dataset: 'ImageNet16-120' },
  { name: 'imagenet16_120_valid', dataset: 'ImageNet16-120', images: 'x-valid' },
  { name: 'imagenet16_120_test', dataset: 'ImageNet16-120', images: 'x-test' },
]

/** An accuracy in percent after the last epoch of a schedule. */
interface Accuracy {
  readonly name: string
  readonly epochs: number
  readonly value: number
}

/**
 * If a dictionary is the result of one seed, removes everything that no column needs: unused keys, and all epochs of
 * the curves but the last. Returns the number of removed keys and values. Other dictionaries stay unchanged.
 *
 * @param seen Curves handled before, which are not searched again.
 */
export function dropCurves(dictionary: Map<unknown, unknown>, seen: WeakSet<object>): number {
  const [train, evaluated] = [dictionary.get(TRAIN), dictionary.get(EVALUATED)]
  if (!(train instanceof Map) || !(evaluated instanceof Map)) return 0
  let dropped = 0
  for (const [key, value] of dictionary) {
    // Another result may share this curve, so that its last epoch stays.
    if (value instanceof Map && !seen.has(value)) {
      seen.add(value)
      dropped += keepLastEpochs(value)
    }
    if (typeof key === 'string' && USED.has(key)) continue
    dictionary.delete(key)
    dropped += 2
  }
  return dropped
}

/** Removes all epochs but the last from a curve by epoch, or from several curves by `name@epoch`; else does nothing. */
function keepLastEpochs(curve: Map<unknown, unknown>): number {
  const last = new Map<string, { key: unknown; epoch: number }>()
  for (const key of curve.keys()) {
    const [name, epoch] = typeof key === 'number' ? ['', key] : splitKey(key)
    if (!Number.isInteger(epoch)) return 0
    if (!(epoch <= (last.get(name)?.epoch ?? -1))) last.set(name, { key, epoch })
  }
  const kept = Array.from(last.values(), ({ key }) => [key, curve.get(key)] as const)
  const dropped = 2 * (curve.size - kept.length)
  if (dropped === 0) return 0
  curve.clear()
  for (const [key, value] of kept) curve.set(key, value)
  return dropped
}

function splitKey(key: unknown): [string, number] {
  const at = typeof key === 'string' ? key.lastIndexOf('@') : -1
  return at < 0 ? ['', Number.NaN] : [(key as string).slice(0, at), Number((key as string).slice(at + 1))]
}

/** True for a table of this layout, false for a dictionary with an entry per architecture. */
export function isBenchmark(value: ReadonlyMap<unknown, unknown>): boolean {
  return value.has('arch2infos')
}

/** @throws UserError as {@link readArchitectures} does. */
export function readBenchmark(value: ReadonlyMap<unknown, unknown>, format: string, file: string): Accuracies {
  const infos = value.get('arch2infos')
  if (!(infos instanceof Map)) throw unlike('something else for arch2infos', file)
  const entries = function* (): Generator<[string, unknown]> {
    for (const info of infos.values()) yield [file, info]
  }
  return readArchitectures(entries(), format, file)
}

/**
 * Reads architectures, each a dictionary of results by schedule (`12` and `200`, `less` and `full`). The longest
 * schedule gives the columns `cifar10_test`, …; other schedules give `cifar10_test_12epochs`, …
 *
 * @param entries Pairs of a file's name, for messages, and the dictionary of an architecture.
 * @param table Name of the whole table in messages.
 * @throws UserError for another layout, and if there is no architecture.
 */
export function readArchitectures(
  entries: Iterable<readonly [string, unknown]>,
  format: string,
  table: string,
): Accuracies {
  const architectures: { arch: string; accuracies: Accuracy[] }[] = []
  let longest = 0
  for (const [file, info] of entries) {
    if (!(info instanceof Map) || info.size > MAX_SCHEDULES) throw unlike('something else for an architecture', file)
    let arch: string | undefined
    const accuracies: Accuracy[] = []
    for (const schedule of info.values()) {
      const text = schedule instanceof Map ? schedule.get('arch_str') : undefined
      if (typeof text !== 'string' || text !== (arch ?? text)) throw unlike('an entry without its architecture', file)
      arch = text
      accuracies.push(...accuraciesOf(schedule.get('all_results'), file))
    }
    if (arch === undefined) throw unlike('an architecture without schedules', file)
    for (const { epochs } of accuracies) longest = Math.max(longest, epochs)
    architectures.push({ arch, accuracies: accuracies.sort((a, b) => b.epochs - a.epochs) })
  }
  if (architectures.length === 0) throw unlike('no architecture', table)
  const rows = new AccuracyRows(table)
  for (const { arch, accuracies } of architectures) {
    const columnOf = ({ name, epochs, value }: Accuracy): [string, number] => [
      epochs === longest ? name : `${name}_${epochs}epochs`,
      value,
    ]
    rows.add(arch, accuracies.map(columnOf))
  }
  return rows.finish(format)
}

/** Accuracies of one schedule, averaged over seeds. The keys of `results` are pairs (data set, seed). */
function accuraciesOf(results: unknown, file: string): Accuracy[] {
  if (!(results instanceof Map)) throw unlike('an architecture without results', file)
  if (results.size > MAX_RESULTS) throw unlike(`${results.size} results of an architecture`, file)
  const byDataset = new Map<unknown, Map<unknown, unknown>[]>()
  for (const [key, result] of results) {
    const dataset = Array.isArray(key) ? key[0] : undefined
    if (typeof dataset !== 'string' || !(result instanceof Map)) throw unlike('a result without a data set', file)
    const seeds = byDataset.get(dataset)
    if (seeds === undefined) byDataset.set(dataset, [result])
    else seeds.push(result)
  }
  const accuracies: Accuracy[] = []
  for (const { name, dataset, images } of COLUMNS) {
    const seeds = byDataset.get(dataset) ?? []
    if (seeds.length === 0) continue
    const epochs = Number(seeds[0].get('epochs'))
    const values = seeds.map((result) => lastAccuracy(result, epochs, images))
    if (!values.every((value) => typeof value === 'number')) {
      throw unlike(`a result for ${dataset} without its last accuracy`, file)
    }
    accuracies.push({ name, epochs, value: values.reduce((sum, value) => sum + value, 0) / values.length })
  }
  return accuracies
}

function lastAccuracy(result: ReadonlyMap<unknown, unknown>, epochs: number, images: string | undefined): unknown {
  const curve = result.get(images === undefined ? TRAIN : EVALUATED)
  return curve instanceof Map ? curve.get(images === undefined ? epochs - 1 : `${images}@${epochs - 1}`) : undefined
}

function unlike(received: string, file: string): UserError {
  return new UserError(`Expected the layout of NAS-Bench-201 in ${file} but received ${received}`)
}
