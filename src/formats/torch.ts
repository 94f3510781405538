/**
 * Reads state dicts of `torch.save`, in today's format and in the format before PyTorch 1.6. The pickle machine builds
 * tensors and dictionaries only, so a hostile file is rejected and cannot run code.
 */
import { readFile } from 'node:fs/promises'
import { expected } from '../base/errors.js'
import type { Tensor } from './safetensors.js'
import type { StateDictOptions, TorchFile } from './state-dict.js'
import { isLegacy, readLegacy } from './torch-legacy.js'
import { readTorchZip } from './torch-zip.js'

/**
 * Tensors of a file by name, in its order, contiguous. Floating-point numbers become float32; integers keep their type.
 * The state dict may lie within (`state_dict`, `model`, …). If all names begin with `module.`, this prefix is removed.
 *
 * @throws UserError if the file is missing, truncated or corrupt, or if a view reaches outside its storage. Also if it
 *   holds anything but tensors by name; the message then names the opcode or global that is not supported. Also for a key that
 *   is not there, and for several state dicts under unusual keys.
 */
export async function readTorchStateDict(file: string, options: StateDictOptions = {}): Promise<Map<string, Tensor>> {
  return (await readTorchFile(file, options)).tensors
}

/** Does {@link readTorchStateDict}, and tells which state dict it read. */
export async function readTorchFile(file: string, { key }: StateDictOptions = {}): Promise<TorchFile> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable checkpoint', file, error.code ?? error.message)
  })
  return parseTorchFile(bytes, file, key)
}

/** Does {@link readTorchFile} for bytes in memory; `file` is their name in messages. */
export async function parseTorchFile(bytes: Buffer, file: string, key?: string): Promise<TorchFile> {
  return isLegacy(bytes) ? readLegacy(bytes, file, key) : readTorchZip(bytes, file, key)
}
