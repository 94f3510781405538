/**
 * Files of `torch.save` since PyTorch 1.6: a zip archive of a pickle, `data.pkl`, which describes the tensors, and one
 * uncompressed entry per storage.
 */
import { UserError } from '../base/errors.js'
import { unpickle } from './pickle.js'
import type { Tensor } from './safetensors.js'
import { viewsOf } from './state-dict.js'
import { invalid, MAX_PICKLE_BYTES, materialise, TensorPickle } from './torch-tensors.js'
import { ZipEntries } from './zip.js'

/** @throws UserError as {@link readTorchStateDict} says. */
export function readTorchZip(bytes: Buffer, file: string): Promise<Map<string, Tensor>> {
  return refusing(file, async () => read(await ZipEntries.open(file, bytes), bytes.length, file))
}

/**
 * The pickle of an archive, for those that hold no tensors.
 *
 * @throws UserError for bytes that are no such archive.
 */
export async function torchPickle(bytes: Buffer, file: string): Promise<Buffer> {
  return refusing(file, async () => {
    const zip = await ZipEntries.open(file, bytes)
    return zip.read(`${rootOf(zip, file)}data.pkl`, { stored: true })
  })
}

/** Turns what yauzl throws into a sentence. */
async function refusing<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) throw error
    const { message } = error as Error
    throw new UserError(`Expected a zip archive written by torch.save for ${file} but received "${message}"`)
  }
}

async function read(zip: ZipEntries, fileBytes: number, file: string): Promise<Map<string, Tensor>> {
  const root = rootOf(zip, file)
  // torch.save stores entries as they are; so nothing here can be larger than the file, nor all storages together.
  const entry = (name: string, bytes?: number) => zip.read(root + name, { bytes, stored: true })
  if (zip.has(`${root}byteorder`)) {
    const order = (await entry('byteorder', 16)).toString('latin1')
    if (order !== 'little') throw invalid(file, 'little-endian data', JSON.stringify(order))
  }
  const host = new TensorPickle(file)
  const views = viewsOf(unpickle(await entry('data.pkl', MAX_PICKLE_BYTES), file, host), file)
  let total = 0
  return materialise(views, file, fileBytes, async ({ key }, bytes) => {
    total += bytes
    if (total > fileBytes) throw invalid(file, `at most ${fileBytes} bytes of storages`, 'entries that overlap')
    const data = await entry(`data/${key}`)
    if (data.length !== bytes) throw invalid(file, `${bytes} bytes for storage ${key}`, `${data.length}`)
    return data
  })
}

/** The folder of the archive, by the name of its one pickle. */
function rootOf(zip: ZipEntries, file: string): string {
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickles.length !== 1) throw invalid(file, 'one data.pkl', `${pickles.length}`)
  return pickles[0].slice(0, -'data.pkl'.length)
}
