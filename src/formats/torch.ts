/**
 * Reads the state dicts that `torch.save` writes, in its format of today and in that of PyTorch before 1.6. The pickle
 * runs in a machine that knows tensors and dictionaries only, so a hostile file can be refused but not run.
 */
import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.js'
import type { Tensor } from './safetensors.js'
import { isLegacy, readLegacy } from './torch-legacy.js'
import { readTorchZip } from './torch-zip.js'

/**
 * The tensors of a file by name, in its order, contiguous: floating-point numbers as float32, integers in their own type.
 * A state dict may lie one level down (`state_dict`, `model`, …), and its names may all begin with `module.`.
 *
 * @throws UserError for a missing, truncated or corrupt file, for one that holds anything but tensors by name (naming the
 *   pickle opcode or global that it refuses), and for views that reach outside their storage.
 */
export async function readTorchStateDict(file: string): Promise<Map<string, Tensor>> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Expected a readable checkpoint for ${file} but received ${error.code ?? error.message}`)
  })
  return parseTorchStateDict(bytes, file)
}

/** The same of a file's bytes; messages call it `file`. */
export async function parseTorchStateDict(bytes: Buffer, file: string): Promise<Map<string, Tensor>> {
  return isLegacy(bytes) ? readLegacy(bytes, file) : readTorchZip(bytes, file)
}
