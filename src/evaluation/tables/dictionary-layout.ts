/**
 * Tables that are a Python dictionary with an entry per architecture: `nasbench201_dict.npy` of PA&DA's release, whose
 * keys are running numbers, and pickles whose keys are the architectures.
 */
import { PickledArray, pickledIntegers, textOf } from '../../data/numpy-pickle.js'
import { UserError } from '../../errors.js'
import { type Accuracies, AccuracyRows } from './accuracies.js'

/** Where an entry may hold its architecture; else its key is one. */
const OPERATIONS = 'operation'
const NOTATIONS = ['arch', 'arch_str']
/** Names of learning curves, whose last value is the accuracy of the finished training. */
const CURVE = /acc[15]es$/
/** Dictionaries in an entry, such as one per data set, are followed this far. */
const MAX_DEPTH = 3

/**
 * Reads entries that are numbers, or dictionaries with numbers among their values. The architecture of an entry is its
 * list `operation` of operation indices, its string `arch`, or its key: a string, or a tuple of operation indices.
 * Dictionaries within entries become columns with joined names, `cifar10` with `test` the column `cifar10_test`, and
 * learning curves (`…_acc1es`) their last value. Everything else in an entry is passed over.
 *
 * @throws UserError for an entry of another form, and a dictionary without entries.
 */
export function readDictionary(dictionary: ReadonlyMap<unknown, unknown>, format: string, file: string): Accuracies {
  const rows = new AccuracyRows()
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

function keyText(key: unknown): string {
  if (Array.isArray(key)) return key.join()
  return textOf(key) ?? String(key)
}

function architectureOf(entry: ReadonlyMap<unknown, unknown>): string | undefined {
  const operations = pickledIntegers(entry.get(OPERATIONS))
  if (operations !== undefined) return Array.from(operations).join()
  for (const name of NOTATIONS) {
    const value = entry.get(name)
    const text = textOf(value)?.trim() ?? nodesText(value)
    if (text !== undefined) return text
  }
  return undefined
}

/** The notation of a list of nodes, each a list of its inputs: an operation and the node that it comes from. */
function nodesText(nodes: unknown): string | undefined {
  if (!Array.isArray(nodes) || !nodes.every((node) => Array.isArray(node) && node.every(Array.isArray)))
    return undefined
  const inputs = (node: unknown[][]) => node.map(([operation, source]) => `${operation}~${source}`).join('|')
  return nodes.map((node) => `|${inputs(node)}|`).join('+')
}

function* numbersOf(entry: ReadonlyMap<unknown, unknown>, prefix: string, depth = 1): Generator<[string, number]> {
  for (const [key, value] of entry) {
    const name = `${prefix}${keyText(key)}`
    if (typeof value === 'number') yield [name, value]
    else if (value instanceof Map) {
      if (depth < MAX_DEPTH) yield* numbersOf(value, `${name}_`, depth + 1)
    } else if (CURVE.test(name)) {
      const last = lastOf(value)
      if (last !== undefined) yield [name, last]
    }
  }
}

function lastOf(curve: unknown): number | undefined {
  const values = curve instanceof PickledArray ? curve.floats() : curve
  const last = Array.isArray(values) ? values.at(-1) : undefined
  return typeof last === 'number' ? last : undefined
}
