/**
 * Ground-truth tables: the accuracy of architectures trained on their own, against which a supernet's ranking is
 * judged. A table has a row per architecture, in the space's notation or as operation indices such as "3,0,1,2,4,1", and
 * columns of accuracies in percent; or, like that of NAS-Bench-101, a row per hash, for spaces whose isomorphism keys
 * are hashes. `tables/open-table.ts` says which files are tables.
 */
import { UserError } from '../base/errors.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { AccuracyByHash } from './accuracy-by-hash.js'
import { GroundTruthByHash } from './ground-truth-by-hash.js'
import { openTable } from './tables/open-table.js'
import { readTable } from './tables/read-table.js'
import { isHashTable, type Table } from './tables/table.js'

/** How a table is read. */
export interface GroundTruthOptions {
  /** Name of the column of accuracies; default the first there is of `accuracy`, `test_accuracy`, `mean_acc` and `cifar10_test`. */
  readonly column?: string
  /** When aborted, the table is left unread and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * Reads a table of `space`: a large one from its file the first time, then from a copy in the cache folder.
 *
 * @throws UserError that names the file, and the line where there is one, for an unreadable file, a missing column, an
 *   architecture that is unknown or occurs twice, an accuracy that is not a number in 0…100, no rows; the reason of an
 *   aborted signal.
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
    // Only the file itself knows the line of what is wrong.
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
      throw new UserError(`Expected a number in 0…100 for "${column}" but received ${received}`)
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
