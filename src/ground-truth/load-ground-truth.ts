/**
 * Ground-truth tables: accuracies of architectures trained on their own, to compare a supernet's ranking with. A table
 * has columns of accuracies in percent, and a row per architecture, in the space's notation or as operation indices
 * such as "3,0,1,2,4,1". A table like NAS-Bench-101's has fractions and a row per hash, for spaces whose isomorphism
 * keys are hashes. `tables/open-table.ts` lists the formats of tables.
 */
import { expected, UserError } from '../base/errors.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { AccuracyByHash } from './accuracy-by-hash.js'
import { GroundTruthByHash } from './ground-truth-by-hash.js'
import { openTable } from './tables/open-table.js'
import { readTable } from './tables/read-table.js'
import { isHashTable, type Table } from './tables/table.js'

/** Options for reading a table. */
export interface GroundTruthOptions {
  /**
   * Name of the column of accuracies. Default: the usual column of the table's format, else the first of `accuracy`,
   * `test_accuracy`, `mean_acc` and `cifar10_test`.
   */
  readonly column?: string
  /** When aborted, reading stops and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Reads a table of `space`. A large table is read from its file the first time, and later from a copy in the cache
 * folder.
 *
 * @throws UserError, which names the file and the line if there is one, for: an unreadable file, a missing column, no
 *   rows, an architecture that is unknown or occurs twice, an accuracy outside 0…100 percent (for hashes, outside 0…1).
 *   The reason of an aborted signal.
 */
export async function loadGroundTruth(
  file: string,
  space: SearchSpace,
  options: GroundTruthOptions = {},
): Promise<GroundTruth> {
  const { signal, column } = options
  signal?.throwIfAborted()
  const table = await readTable(file)
  signal?.throwIfAborted()
  try {
    return groundTruthOf(table, file, space, column)
  } catch (error) {
    if (!(error instanceof UserError) || !table.kept) throw error
    // The copy has no line numbers; the file has them.
    return groundTruthOf(await openTable(file), file, space, column)
  }
}

function groundTruthOf(table: Table, file: string, space: SearchSpace, column = table.defaultColumn): GroundTruth {
  if (isHashTable(table)) return new GroundTruthByHash(space, new AccuracyByHash(table, file, column), file)
  const paths: Path[] = []
  const accuracies = new Map<string, number>()
  let best: GroundTruth['best'] | undefined
  const { keys } = table
  const values = table.values(column)
  for (let row = 0; row < keys.length; row++) {
    const path = pathOf(keys[row], space, () => `${file}, ${table.place(row)}`)
    const accuracy = values[row]
    if (!(accuracy >= 0 && accuracy <= 100)) {
      const received = `"${table.text(column, row)}" (${file}, ${table.place(row)})`
      throw expected('a number in 0…100', `"${column}"`, received)
    }
    accuracies.set(path.join(), accuracy)
    if (accuracies.size === row) {
      const received = `${keys[row]} again on ${table.place(row)}`
      throw new UserError(`Expected each architecture once in ${file} but received ${received}`)
    }
    paths.push(path)
    if (best === undefined || accuracy > best.accuracy) best = { path, accuracy }
  }
  if (best === undefined) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return { size: accuracies.size, paths, best, accuracy: (path) => accuracies.get(path.join()) }
}

function pathOf(text: string, space: SearchSpace, where: () => string): Path {
  try {
    return parsePath(space, text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message} (${where()})`)
  }
}
