/**
 * Files of `torch.save` since PyTorch 1.6: a zip archive of a pickle, `data.pkl`, which describes the tensors, and of
 * one uncompressed entry per storage.
 */
import { expected, UserError } from '../base/errors.js'
import { unpickle } from './pickle.js'
import { findViews, type StateDictOptions, type TorchFile } from './state-dict.js'
import { invalid, MAX_PICKLE_BYTES, materialize, TensorPickle } from './torch-tensors.js'
import { whyNoZip, ZipEntries } from './zip.js'

/** Limit on the decompressed size of an archive, as for .npz. */
const MAX_UNPACKED = 2 ** 31 - 1
/** Most bytes that a byte of Deflate becomes. */
const DEFLATE_RATIO = 1032

/** @throws UserError in the cases of {@link readTorchStateDict}. */
export function readTorchZip(bytes: Buffer, file: string, options: StateDictOptions): Promise<TorchFile> {
  return explainingErrors(file, async () => read(await ZipEntries.open(file, bytes), bytes.length, file, options))
}

/**
 * The pickle of an archive, for archives that hold no tensors.
 *
 * @throws UserError if the bytes are not such an archive.
 */
export async function torchPickle(bytes: Buffer, file: string): Promise<Buffer> {
  return explainingErrors(file, async () => {
    const zip = await ZipEntries.open(file, bytes)
    return zip.read(`${rootOf(zip, file)}data.pkl`, { stored: true })
  })
}

/** Turns errors of yauzl into UserErrors. */
async function explainingErrors<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) throw error
    const { message } = error as Error
    throw expected('a zip archive written by torch.save', file, whyNoZip(message))
  }
}

async function read(
  zip: ZipEntries,
  archiveBytes: number,
  file: string,
  options: StateDictOptions,
): Promise<TorchFile> {
  const root = rootOf(zip, file)
  if (zip.has(`${root}constants.pkl`)) {
    throw invalid(file, 'a state dict of tensors', 'a TorchScript program: save its state_dict() by torch.save')
  }
  // torch.save does not compress entries, but other tools pack them again. Then the directory says how large they are.
  const fileBytes = zip.isStored
    ? archiveBytes
    : Math.min(zip.unpackedBytes, DEFLATE_RATIO * archiveBytes, MAX_UNPACKED)
  const entry = (name: string, bytes: number) => zip.read(root + name, { bytes })
  if (zip.has(`${root}byteorder`)) {
    const order = (await entry('byteorder', 16)).toString('latin1')
    if (order !== 'little') throw invalid(file, 'little-endian data', JSON.stringify(order))
  }
  const host = new TensorPickle(file)
  const pickle = unpickle(await entry('data.pkl', MAX_PICKLE_BYTES), file, host)
  const { views, ...choice } = findViews(pickle, file, options)
  let total = 0
  const tensors = await materialize(views, file, fileBytes, async ({ key }, bytes) => {
    total += bytes
    if (total > fileBytes) throw invalid(file, `at most ${fileBytes} bytes of storages`, 'entries that overlap')
    const data = await entry(`data/${key}`, fileBytes)
    if (data.length !== bytes) throw invalid(file, `${bytes} bytes for storage ${key}`, `${data.length}`)
    return data
  })
  return { tensors, ...choice }
}

/** Name of the archive's folder, up to its slash: the folder of the only `data.pkl`. */
function rootOf(zip: ZipEntries, file: string): string {
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickles.length !== 1) throw invalid(file, 'one data.pkl', `${pickles.length}`)
  return pickles[0].slice(0, -'data.pkl'.length)
}
