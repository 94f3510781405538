/** Ground-truth tables that Python pickled: told by their first bytes, and run in a machine that builds data only. */
import { readFile } from 'node:fs/promises'
import { unpickle } from '../../checkpoint/pickle.js'
import { npyPickle } from '../../data/npy.js'
import { PickledArray } from '../../data/numpy-pickle.js'
import { UserError } from '../../errors.js'
import type { Accuracies } from './accuracies.js'
import { readDictionary } from './dictionary-layout.js'
import { PICKLED_TABLE, TableHost } from './table-host.js'

/** Whether a file that begins with `head` is one of those that {@link readPickledTable} reads. */
export function isPickled(head: Buffer): boolean {
  return head.toString('latin1', 0, 6) === '\x93NUMPY'
}

/**
 * Reads NumPy's file of one dictionary (`np.save(file, dictionary)`).
 *
 * @throws UserError for a file that is damaged, that holds something else, or that names a global of Python which no
 *   table needs.
 */
export async function readPickledTable(file: string): Promise<Accuracies> {
  const pickle = npyPickle(await readFile(file), file)
  if (pickle === undefined)
    throw new UserError(`Expected ${PICKLED_TABLE} for ${file} but received an array of numbers`)
  const array = unpickle(pickle, file, new TableHost(file))
  const value = array instanceof PickledArray && array.shape.length === 0 ? array.objects?.[0] : array
  if (value instanceof Map) return readDictionary(value, 'NumPy dictionary', file)
  throw new UserError(`Expected ${PICKLED_TABLE} for ${file} but received something other than a dictionary`)
}
