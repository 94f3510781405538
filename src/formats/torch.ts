/**
 * Reads state dicts of `torch.save`, in today's format and in the format before PyTorch 1.6. The pickle machine builds
 * tensors and dictionaries only, so a hostile file is rejected and cannot run code.
 */
import { readFile } from 'node:fs/promises'
import { expected } from '../base/errors.js'
import type { Tensor } from './safetensors.js'
import { isLegacy, readLegacy } from './torch-legacy.js'
import { readTorchZip } from './torch-zip.js'

/**
 * Tensors of a file by name, in its order, contiguous. Floating-point numbers become float32; integers keep their type.
 * The state dict may lie one level down (`state_dict`, `model`, …). If all names begin with `module.`, this prefix is
 * removed.
 *
 * @throws UserError if the file is missing, truncated or corrupt, or if a view reaches outside its storage. Also if it
 *   holds anything but tensors by name; the message then names the opcode or global that is not supported.
 */
export async function readTorchStateDict(file: string): Promise<Map<string, Tensor>> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable checkpoint', file, error.code ?? error.message)
  })
  return parseTorchStateDict(bytes, file)
}

/** Does {@link readTorchStateDict} for bytes in memory; `file` is their name in messages. */
export async function parseTorchStateDict(bytes: Buffer, file: string): Promise<Map<string, Tensor>> {
  return isLegacy(bytes) ? readLegacy(bytes, file) : readTorchZip(bytes, file)
}
