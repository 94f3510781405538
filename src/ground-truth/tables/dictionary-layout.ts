/**
 * Tables that are a Python dictionary with an entry per architecture. The keys of `nasbench201_dict.npy` of PA&DA's
 * release are running numbers; the keys of other pickles are the architectures.
 */

import { UserError } from '../../base/errors.js'
import { PickledArray, pickledIntegers, textOf } from '../../formats/numpy-pickle.js'
import { type Accuracies, AccuracyRows } from './accuracies.js'

/** Keys under which an entry may hold its architecture. If it has none of them, its own key is the architecture. */
const OPERATIONS = 'operation'
const NOTATIONS = ['arch', 'arch_str']
/** Names of learning curves. The last value of a curve is the accuracy after training. */
const CURVE = /acc[15]es$/
/** Most levels of dictionaries that are read in an entry, such as one dictionary per data set. */
const MAX_DEPTH = 3
/**
 * Longer names, lists and dictionaries describe no architecture and are skipped. Reading them could take forever: a
 * file of a few bytes can refer to one of them many times.
 */
const MAX_NAME = 200
const MAX_ITEMS = 1000
export const MAX_NODES = 20

/**
 * Reads entries that are numbers, or dictionaries with numbers among their values. The architecture of an entry is its
 * list `operation` of operation indices, its string `arch`, or its key: a string, or a tuple of operation indices.
 * Dictionaries within entries become columns with joined names: `test` in `cifar10` becomes `cifar10_test`. Learning
 * curves (`…_acc1es`) become their last value. Everything else in an entry is ignored.
 *
 * @throws UserError for an entry of another form, and for a dictionary without entries.
 */
export function readDictionary(dictionary: ReadonlyMap<unknown, unknown>, format: string, file: string): Accuracies {
  const rows = new AccuracyRows(file)
  for (const [key, entry] of dictionary) {
    const name = keyText(key)
    if (typeof entry === 'number') rows.add(name, [['accuracy', entry]])
    else if (entry instanceof Map) rows.add(architectureOf(entry) ?? name, numbersOf(entry, ''))
    else {
      const wanted = 'a dictionary with its accuracies for each architecture'
      throw new UserError(`Expected ${wanted} in ${file} but received something else for ${name}`)
    }
  }
  if (dictionary.size === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return rows.finish(format)
}

/** The text of a key: a string, a number, or the operation indices of a tuple. */
function keyText(key: unknown): string {
  if (Array.isArray(key)) return operationsText(key) ?? 'a tuple'
  return textOf(key) ?? (typeof key === 'number' ? String(key) : `a ${typeof key}`)
}

/** The text of operation indices in a list or a one-dimensional array; undefined for anything else. */
export function operationsText(value: unknown): string | undefined {
  const length = Array.isArray(value) ? value.length : value instanceof PickledArray ? Number(value.shape[0]) : 0
  const operations = length > 0 && length <= MAX_ITEMS ? pickledIntegers(value) : undefined
  return operations && Array.from(operations).join()
}

/** The architecture that an entry names by one of its keys; undefined if it names none. */
export function architectureOf(entry: ReadonlyMap<unknown, unknown>): string | undefined {
  const operations = operationsText(entry.get(OPERATIONS))
  if (operations !== undefined) return operations
  for (const name of NOTATIONS) {
    const text = textOf(entry.get(name))?.trim() ?? nodesText(entry.get(name))
    if (text !== undefined) return text
  }
  return undefined
}

/** The notation of a list of nodes. A node is a list of inputs; an input is an operation and the node it comes from. */
function nodesText(nodes: unknown): string | undefined {
  if (!isList(nodes)) return undefined
  const texts = nodes.map((node) => {
    const inputs = isList(node) ? node.map(inputText) : [undefined]
    return inputs.includes(undefined) ? undefined : `|${inputs.join('|')}|`
  })
  return texts.includes(undefined) ? undefined : texts.join('+')
}

function inputText(input: unknown): string | undefined {
  if (!Array.isArray(input) || typeof input[0] !== 'string' || typeof input[1] !== 'number') return undefined
  return `${input[0]}~${input[1]}`
}

/** True for a list of 1 to {@link MAX_NODES} items. */
function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_NODES
}

/** Numbers of an entry by their names, which begin with `prefix`. */
export function* numbersOf(
  entry: ReadonlyMap<unknown, unknown>,
  prefix: string,
  depth = 1,
): Generator<[string, number]> {
  if (entry.size > MAX_ITEMS) return
  for (const [key, value] of entry) {
    const name = `${prefix}${keyText(key)}`
    if (name.length > MAX_NAME) continue
    if (typeof value === 'number') yield [name, value]
    else if (value instanceof Map) {
      if (depth < MAX_DEPTH) yield* numbersOf(value, `${name}_`, depth + 1)
    } else if (CURVE.test(name)) {
      const last = lastOf(value)
      if (last !== undefined) yield [name, last]
    }
  }
}

/** Last number of a list or a one-dimensional array; undefined for anything else. */
export function lastOf(curve: unknown): number | undefined {
  const last = curve instanceof PickledArray ? curve.lastFloat() : Array.isArray(curve) ? curve.at(-1) : undefined
  return typeof last === 'number' ? last : undefined
}
