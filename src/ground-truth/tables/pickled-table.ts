/** Ground-truth tables that Python pickled. The pickle is read by a machine that builds data only. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expected, UserError } from '../../base/errors.js'
import { decompressBzip2, type NextBytes } from '../../formats/bzip2.js'
import { requireSize } from '../../formats/foreign.js'
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
import { readList } from './list-layout.js'
import { PICKLED_TABLE, TableHost } from './table-host.js'

/** Names of the formats in words. */
const FORMATS: Readonly<Record<PickleKind, string>> = {
  numpy: 'NumPy dictionary',
  pickle: 'pickled dictionary',
  bzip2: 'pickled dictionary in bzip2',
  torchLegacy: 'PyTorch dictionary',
  torchZip: 'PyTorch dictionary',
}

/**
 * Reads a dictionary or a list with an entry per architecture, or the tables of NAS-Bench-201 and NATS-Bench.
 *
 * @throws UserError for a damaged file, a file with another content, and a file that names a global of Python that no
 *   table needs.
 */
export async function readPickledTable(file: string, kind: PickleKind): Promise<Accuracies> {
  return tableOf(await readValue(file, kind), kind, file)
}

/** Like {@link readPickledTable}, from the bytes of a file. Messages call it `file`. */
export async function parsePickledTable(bytes: Buffer, kind: PickleKind, file: string): Promise<Accuracies> {
  return tableOf(await parseValue(bytes, kind, file), kind, file)
}

function tableOf(value: unknown, kind: PickleKind, file: string): Accuracies {
  if (Array.isArray(value)) return readList(value, FORMATS[kind].replace('dictionary', 'list'), file)
  if (!(value instanceof Map)) throw expected(PICKLED_TABLE, file, 'something other than a dictionary or a list')
  const format = FORMATS[kind]
  return isBenchmark(value)
    ? readBenchmark(value, `NAS-Bench-201, ${format}`, file)
    : readDictionary(value, format, file)
}

/** Names of the files of architectures in a folder of NATS-Bench, in order of the architectures. */
export async function tableFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  return names.filter((name) => /^\d+\.pickle(\.pbz2)?$/.test(name)).sort()
}

/**
 * Reads a folder of NATS-Bench: a file per architecture, named as in its “simple” archive.
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
  await requireSize(file, 'save the dictionary by pickle.dump, which is read in parts')
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  return parseValue(bytes, kind, file)
}

/** Reads in parts, because the file may be larger than a Buffer or the memory. */
function readParts(file: string, kind: 'pickle' | 'bzip2' | 'torchLegacy'): unknown {
  using parts = new FileParts(file)
  return unpickleParts(parts.next, kind, parts.size, file)
}

async function parseValue(bytes: Buffer, kind: PickleKind, file: string): Promise<unknown> {
  if (kind === 'numpy') {
    const pickle = npyPickle(bytes, file)
    if (pickle === undefined) throw expected(PICKLED_TABLE, file, 'an array of numbers')
    const array = unpickle(pickle, file, new TableHost(file, bytes.length))
    if (!(array instanceof PickledArray) || array.objects === undefined) return array
    // A dictionary is an array without dimensions, a list one with a dimension.
    return array.shape.length === 0 ? array.objects[0] : array.shape.length === 1 ? array.objects : array
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
  // Three objects come first: a magic number, the version of the format, and facts about the system.
  if (kind === 'torchLegacy') for (let i = 0; i < 3; i++) unpickleFrom(reader, file, host)
  return unpickleFrom(reader, file, host)
}
