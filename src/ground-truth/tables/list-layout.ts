/**
 * Tables that are a Python list with an entry per architecture: dictionaries, or tuples of an architecture and its
 * accuracies. aw_nas (https://github.com/walkerning/aw_nas, scripts/nasbench) trains GATES on such tuples, with the
 * matrices of NAS-Bench-201's API as architectures.
 */
import { UserError } from '../../base/errors.js'
import { PickledArray, textOf } from '../../formats/numpy-pickle.js'
import { type Accuracies, AccuracyRows } from './accuracies.js'
import { architectureOf, lastOf, MAX_NODES, numbersOf, operationsText } from './dictionary-layout.js'

/** Most accuracies of a tuple. */
const MAX_ACCURACIES = 100

/**
 * Reads entries that are dictionaries as {@link readDictionary} does, if they name their architectures, and tuples. The
 * first item of a tuple is the architecture: text, a list of operation indices, or a matrix whose row i has the
 * operations of the inputs of node i. The items after it become the columns `accuracy`, `accuracy_2`, …; a list of
 * numbers counts by its last one, as learning curves do.
 *
 * @throws UserError for an entry of another form, and for a list without entries.
 */
export function readList(list: readonly unknown[], format: string, file: string): Accuracies {
  const rows = new AccuracyRows(file)
  for (const [i, entry] of list.entries()) {
    const [arch, accuracies] =
      entry instanceof Map
        ? [architectureOf(entry), numbersOf(entry, '')]
        : readTuple(Array.isArray(entry) ? entry : [])
    if (arch === undefined || accuracies === undefined) {
      const wanted = 'an architecture and its accuracies, as a dictionary or a tuple,'
      throw new UserError(`Expected ${wanted} for each entry of ${file} but received something else for entry ${i + 1}`)
    }
    rows.add(arch, accuracies)
  }
  if (list.length === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return rows.finish(format)
}

function readTuple([arch, ...items]: readonly unknown[]): [string | undefined, [string, number][] | undefined] {
  return [textOf(arch)?.trim() ?? operationsText(arch) ?? matrixText(arch), accuraciesOf(items)]
}

/** The operation indices below the diagonal of a square matrix. */
function matrixText(value: unknown): string | undefined {
  const rows = value instanceof PickledArray ? value.rows(MAX_NODES) : value
  if (!Array.isArray(rows) || rows.length < 2 || rows.length > MAX_NODES) return undefined
  if (!rows.every((row) => Array.isArray(row) && row.length === rows.length)) return undefined
  const operations = rows.flatMap((row, i) => row.slice(0, i))
  return operations.every(Number.isInteger) ? operations.join() : undefined
}

function accuraciesOf(items: readonly unknown[]): [string, number][] | undefined {
  const numbers =
    items.length > MAX_ACCURACIES ? [] : items.map((item) => (item === null ? Number.NaN : numberOf(item)))
  if (numbers.length === 0 || numbers.includes(undefined)) return undefined
  return numbers.map((number, i) => [i === 0 ? 'accuracy' : `accuracy_${i + 1}`, number!])
}

function numberOf(item: unknown): number | undefined {
  return typeof item === 'number' ? item : lastOf(item)
}
