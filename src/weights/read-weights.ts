import { readSafetensors, type Tensor } from '../formats/safetensors.js'
import { noSuchKey, type StateDictChoice, type StateDictOptions, withoutPrefix } from '../formats/state-dict.js'
import { readTorchFile } from '../formats/torch.js'

/** Tensors of a file by name, and where they were found. */
export interface WeightsFile extends StateDictChoice {
  readonly weights: ReadonlyMap<string, Tensor>
}

/**
 * Reads tensors by name from a safetensors file, if the file's name ends in `.safetensors`, else from a PyTorch state
 * dict. All floating-point numbers become float32 (doubles are rounded). Integers keep their type.
 *
 * @throws UserError for a file that cannot be read or holds something else, and for a key that is not there.
 */
export async function readWeights(file: string, options: StateDictOptions = {}): Promise<ReadonlyMap<string, Tensor>> {
  return (await readWeightsFile(file, options)).weights
}

/** Does {@link readWeights}, and tells which state dict it read of a file that holds several. */
export async function readWeightsFile(file: string, options: StateDictOptions = {}): Promise<WeightsFile> {
  if (!file.endsWith('.safetensors')) {
    const { tensors, ...choice } = await readTorchFile(file, options)
    return { weights: tensors, ...choice }
  }
  if (options.key !== undefined) throw noSuchKey(options.key, [], file)
  const { tensors } = await readSafetensors(file)
  for (const [name, { shape, data }] of tensors) {
    if (data instanceof Float64Array) tensors.set(name, { shape, data: Float32Array.from(data) })
  }
  return { weights: withoutPrefix(tensors), otherKeys: [] }
}
