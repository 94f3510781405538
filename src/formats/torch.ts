/**
 * Reads state dicts of `torch.save`, in today's format and in the format before PyTorch 1.6. The pickle machine builds
 * tensors and dictionaries only, so a hostile file cannot run code.
 */
import { readWhole } from './foreign.js'
import type { Tensor } from './safetensors.js'
import type { StateDictOptions, TorchFile } from './state-dict.js'
import { isLegacy, readLegacy } from './torch-legacy.js'
import { readTorchZip } from './torch-zip.js'

/**
 * Tensors of a file by name, in its order, contiguous. Floating-point numbers become float32; integers keep their type.
 * The state dict may lie within (`state_dict`, `model`, …). Objects beside it are passed over; nothing of them is built.
 * If all names begin with `module.` or `_orig_mod.`, these prefixes are removed.
 *
 * @throws UserError if the file is missing, truncated or corrupt, or if a view reaches outside its storage. Also if it
 *   holds no tensors by name, for an opcode that is not supported, for a key that is not there, and for several state
 *   dicts under unusual keys.
 */
export async function readTorchStateDict(file: string, options: StateDictOptions = {}): Promise<Map<string, Tensor>> {
  return (await readTorchFile(file, options)).tensors
}

/** Does {@link readTorchStateDict}, and tells which state dict it read. */
export async function readTorchFile(file: string, options: StateDictOptions = {}): Promise<TorchFile> {
  const advice = 'save the state dict alone, model.state_dict(), without the state of the optimizer'
  return parseTorchFile(await readWhole(file, 'checkpoint', advice), file, options)
}

/** Does {@link readTorchFile} for bytes in memory; `file` is their name in messages. */
export async function parseTorchFile(bytes: Buffer, file: string, options: StateDictOptions = {}): Promise<TorchFile> {
  return isLegacy(bytes) ? readLegacy(bytes, file, options) : readTorchZip(bytes, file, options)
}
