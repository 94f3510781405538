/**
 * Ground-truth tables: the accuracy of architectures trained on their own, against which a supernet's ranking is
 * judged. A table is a CSV file with a header, a column `arch` (the space's notation, or operation indices such as
 * "3,0,1,2,4,1") and a column of accuracies in percent, where lines that begin with `#` are comments; or a file `.json`
 * with an object per architecture, such as `{"02012100": {"mean_acc": 89.2}}`. CSV with a column `hash` instead, such as
 * that of NAS-Bench-101, is read for spaces whose isomorphism keys are hashes. All may be compressed (`.gz`). Pickled
 * tables of Python, as NAS-Bench-201 is published in, are told by their first bytes: see `tables/open-table.ts`.
 */
import { UserError } from '../errors.js'
import { parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { GroundTruthByHash } from './ground-truth-by-hash.js'
import { openTable } from './tables/open-table.js'

/** A table of accuracies, by path. */
export interface GroundTruth {
  /** Number of architectures in the table. */
  readonly size: number
  /** Every path of the table, in its order. */
  readonly paths: readonly Path[]
  /** The most accurate architecture; the first of equals. */
  readonly best: { readonly path: Path; readonly accuracy: number }
  /** Accuracy in percent, or undefined for a path that the table lacks. */
  accuracy(path: Path): number | undefined
}

/** How a table is read. */
export interface GroundTruthOptions {
  /** Name of the column of accuracies; default `accuracy`, by hash `test_accuracy`, in JSON `mean_acc`, pickled `cifar10_test`. */
  readonly column?: string
  /** When aborted, the table is left unread and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * Reads a table of `space`. A UserError names the file, and the line where there is one, for: an unreadable file, a
 * missing column, an architecture that is unknown or occurs twice, an accuracy that is not a number in 0…100, no rows.
 *
 * @throws UserError; the reason of an aborted signal.
 */
export async function loadGroundTruth(
  file: string,
  space: SearchSpace,
  options: GroundTruthOptions = {},
): Promise<GroundTruth> {
  options.signal?.throwIfAborted()
  const table = await openTable(file)
  options.signal?.throwIfAborted()
  const { column = table.defaultColumn } = options
  if (table.byHash !== undefined) return new GroundTruthByHash(space, table.byHash(column), file)

  const paths: Path[] = []
  const accuracies = new Map<string, number>()
  let best: GroundTruth['best'] | undefined
  for (const row of table.rows(column)) {
    const { arch } = row
    const where = () => `${file}, ${row.place()}`
    const path = pathOf(arch, space, where)
    const accuracy = accuracyOf(row.accuracy, column, where)
    const key = path.join()
    if (accuracies.has(key)) {
      throw new UserError(`Expected each architecture once in ${file} but received ${arch} again on ${row.place()}`)
    }
    accuracies.set(key, accuracy)
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

function accuracyOf(text: string, column: string, where: () => string): number {
  const accuracy = text.trim() === '' ? Number.NaN : Number(text)
  if (accuracy >= 0 && accuracy <= 100) return accuracy
  throw new UserError(`Expected a number in 0…100 for "${column}" but received "${text}" (${where()})`)
}
