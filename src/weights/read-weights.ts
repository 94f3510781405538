import { readSafetensors, type Tensor } from '../formats/safetensors.js'
import { withoutPrefix } from '../formats/state-dict.js'
import { readTorchStateDict } from '../formats/torch.js'

/**
 * Reads tensors by name from a safetensors file, if the file's name ends in `.safetensors`, else from a PyTorch state
 * dict. All floating-point numbers become float32 (doubles are rounded). Integers keep their type.
 *
 * @throws UserError for a file that cannot be read or holds something else.
 */
export async function readWeights(file: string): Promise<ReadonlyMap<string, Tensor>> {
  if (!file.endsWith('.safetensors')) return readTorchStateDict(file)
  const { tensors } = await readSafetensors(file)
  for (const [name, { shape, data }] of tensors) {
    if (data instanceof Float64Array) tensors.set(name, { shape, data: Float32Array.from(data) })
  }
  return withoutPrefix(tensors)
}
