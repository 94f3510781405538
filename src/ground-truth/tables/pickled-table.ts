/** Ground-truth tables that Python pickled, run in a machine that builds data only. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.js'
import { decompressBzip2, type NextBytes } from '../../formats/bzip2.js'
import { npyPickle } from '../../formats/npy.js'
import { PickledArray } from '../../formats/numpy-pickle.js'
import { unpickle, unpickleFrom } from '../../formats/pickle.js'
import type { PickleKind } from '../../formats/pickle-kind.js'
import { PickleReader } from '../../formats/pickle-reader.js'
import { FileParts, unreadable } from '../../formats/read-bytes.js'
import { torchPickle } from '../../formats/torch-zip.js'
import type { Accuracies } from './accuracies.js'
import { isBenchmark, readArchitectures, readBenchmark } from './benchmark-layout.js'
import { readDictionary } from './dictionary-layout.js'
import { PICKLED_TABLE, TableHost } from './table-host.js'

/** In words. */
const FORMATS: Readonly<Record<PickleKind, string>> = {
  numpy: 'NumPy dictionary',
  pickle: 'pickled dictionary',
  bzip2: 'pickled dictionary in bzip2',
  torchLegacy: 'PyTorch dictionary',
  torchZip: 'PyTorch dictionary',
}

/**
 * Reads a dictionary with an entry per architecture, or the tables of NAS-Bench-201 and NATS-Bench.
 *
 * @throws UserError for a file that is damaged, that holds something else, or that names a global of Python which no
 *   table needs.
 */
export async function readPickledTable(file: string, kind: PickleKind): Promise<Accuracies> {
  return tableOf(await readValue(file, kind), kind, file)
}

/** The same of a file's bytes; messages call it `file`. */
export async function parsePickledTable(bytes: Buffer, kind: PickleKind, file: string): Promise<Accuracies> {
  return tableOf(await parseValue(bytes, kind, file), kind, file)
}

function tableOf(value: unknown, kind: PickleKind, file: string): Accuracies {
  if (!(value instanceof Map))
    throw new UserError(`Expected ${PICKLED_TABLE} for ${file} but received something other than a dictionary`)
  const format = FORMATS[kind]
  return isBenchmark(value)
    ? readBenchmark(value, `NAS-Bench-201, ${format}`, file)
    : readDictionary(value, format, file)
}

/** The files of architectures in a folder of NATS-Bench, in their order. */
export async function tableFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  return names.filter((name) => /^\d+\.pickle(\.pbz2)?$/.test(name)).sort()
}

/**
 * Reads the folder form of NATS-Bench: a file per architecture, with the names that its “simple” archive has.
 *
 * @throws UserError for a folder without such files, and as {@link readPickledTable} does.
 */
export async function readTableFolder(folder: string): Promise<Accuracies> {
  const names = await tableFiles(folder)
  if (names.length === 0) {
    throw new UserError(`Expected files 000000.pickle.pbz2, … of NATS-Bench in ${folder} but received none`)
  }
  const entries = function* (): Generator<[string, unknown]> {
    for (const name of names) {
      const file = join(folder, name)
      yield [file, readParts(file, name.endsWith('.pbz2') ? 'bzip2' : 'pickle')]
    }
  }
  return readArchitectures(entries(), 'NATS-Bench, folder', folder)
}

async function readValue(file: string, kind: PickleKind): Promise<unknown> {
  if (kind !== 'numpy' && kind !== 'torchZip') return readParts(file, kind)
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  return parseValue(bytes, kind, file)
}

/** Files that may be larger than a Buffer, and than the memory. */
function readParts(file: string, kind: 'pickle' | 'bzip2' | 'torchLegacy'): unknown {
  using parts = new FileParts(file)
  return unpickleParts(parts.next, kind, parts.size, file)
}

async function parseValue(bytes: Buffer, kind: PickleKind, file: string): Promise<unknown> {
  if (kind === 'numpy') {
    const pickle = npyPickle(bytes, file)
    if (pickle === undefined)
      throw new UserError(`Expected ${PICKLED_TABLE} for ${file} but received an array of numbers`)
    const array = unpickle(pickle, file, new TableHost(file, bytes.length))
    return array instanceof PickledArray && array.shape.length === 0 ? array.objects?.[0] : array
  }
  if (kind === 'torchZip') return unpickle(await torchPickle(bytes, file), file, new TableHost(file, bytes.length))
  const parts = [bytes]
  return unpickleParts(() => parts.pop(), kind, bytes.length, file)
}

function unpickleParts(
  next: NextBytes,
  kind: 'pickle' | 'bzip2' | 'torchLegacy',
  fileBytes: number,
  file: string,
): unknown {
  const reader = new PickleReader(Buffer.alloc(0), 0, kind === 'bzip2' ? decompressBzip2(next, file) : next)
  const host = new TableHost(file, fileBytes)
  // A magic number, the version of the format and facts about the system come before the object.
  if (kind === 'torchLegacy') for (let i = 0; i < 3; i++) unpickleFrom(reader, file, host)
  return unpickleFrom(reader, file, host)
}
