/** Encoded images of a split, in any of the forms in which they lie on disk. */
import { open } from 'node:fs/promises'
import { expected } from '../../base/errors.js'
import type { EncodedFiles } from '../../native/index.js'
import { shownName } from '../file-names.js'
import type { PassedOver } from '../passed-over.js'
import { readEntry } from './packed-layout.js'

/** The images of one split before they are decoded. */
export interface EncodedSplit {
  /** The folder or file that holds them, for messages. */
  readonly place: string
  readonly files: EncodedFiles
  /** One class index per image. */
  readonly labels: Int32Array
  /** Names of the classes in the order of their labels. */
  readonly classes: readonly string[]
  /** Hashes that order the images of a class: see `stratifiedOrder`. */
  keys(): Uint32Array
  /** Changes if an image is added, removed, renamed, given another label or another size. */
  readonly digest: string
  /** Files without a byte, which are not among the images. */
  readonly empty: readonly string[]
  /** Files that are no images of a class: their number by suffix. */
  readonly passedOver: PassedOver
}

/** Files with these names in a folder. */
export function namedFiles(folder: string, names: readonly Uint8Array[]): EncodedFiles {
  const ends = new Float64Array(names.length)
  let end = 0
  for (const [index, name] of names.entries()) {
    end += name.length
    ends[index] = end
  }
  return { kind: 'named', folder, names: Buffer.concat(names), ends }
}

/** The files of the images with these indices, in this order. */
export function pickFiles(files: EncodedFiles, indices: Int32Array): EncodedFiles {
  switch (files.kind) {
    case 'named':
      return namedFiles(
        files.folder,
        Array.from(indices, (index) => nameBytes(files, index)),
      )
    case 'parts': {
      const offsets = Float64Array.from(indices, (index) => files.offsets[index])
      return { ...files, offsets, lengths: indices.map((index) => files.lengths[index]) }
    }
    case 'packed': {
      const { taken } = files
      return { ...files, taken: taken === undefined ? indices.slice() : indices.map((index) => taken[index]) }
    }
  }
}

function nameBytes({ names, ends }: Extract<EncodedFiles, { kind: 'named' }>, index: number): Uint8Array {
  return names.subarray(index === 0 ? 0 : ends[index - 1], ends[index])
}

/** Name of an image for messages. */
export function imageName(files: EncodedFiles, index: number): string {
  switch (files.kind) {
    case 'named':
      return `${files.folder}/${shownName(Buffer.from(nameBytes(files, index)))}`
    case 'parts':
      return `the ${files.lengths[index]} bytes from ${files.offsets[index]} of ${files.file}`
    case 'packed':
      return `image ${files.taken?.[index] ?? index} of ${files.file}`
  }
}

/**
 * The encoded bytes of an image.
 *
 * @throws UserError if they cannot be read.
 */
export async function readEncoded(files: EncodedFiles, index: number): Promise<Buffer> {
  const path =
    files.kind === 'named'
      ? Buffer.concat([Buffer.from(`${files.folder}/`), nameBytes(files, index)])
      : Buffer.from(files.file)
  try {
    await using handle = await open(path)
    if (files.kind === 'named') return await handle.readFile()
    const { offset, length } =
      files.kind === 'parts'
        ? { offset: files.offsets[index], length: files.lengths[index] }
        : await readEntry(handle, files.entries, files.taken?.[index] ?? index)
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await handle.read(bytes, 0, length, offset)
    if (bytesRead === length) return bytes
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw expected('a readable file', imageName(files, index), code ?? message)
  }
  throw expected('a whole file', imageName(files, index), 'the end of the file')
}
