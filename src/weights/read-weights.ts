import { extname } from 'node:path'
import { expected } from '../base/errors.js'
import { withoutPrefix, withoutSharedPrefix } from '../formats/prefixes.js'
import { readSafetensors, type Tensor } from '../formats/safetensors.js'
import { noSuchKey, type StateDictChoice, type StateDictOptions } from '../formats/state-dict.js'
import { readTorchFile } from '../formats/torch.js'
import { SPACES, toldByWeights } from '../spaces/index.js'
import { namesOfOthers, supernetShapes } from './name-maps/index.js'

/** Tensors of a file by name, and where they were found. */
export interface WeightsFile extends StateDictChoice {
  readonly weights: ReadonlyMap<string, Tensor>
  /** What a safetensors file says about itself; absent for a PyTorch file. */
  readonly metadata?: ReadonlyMap<string, string>
}

/**
 * Reads tensors by name from a safetensors file, if the file's name ends in `.safetensors`, else from a PyTorch state
 * dict. All floating-point numbers become float32 (doubles are rounded). Integers keep their type. A beginning that all
 * names share, such as `module.` or `model.`, is taken off if the rest are names of a known network.
 *
 * @throws UserError for a file that cannot be read or holds something else, and for a key or prefix that is not there.
 */
export async function readWeights(file: string, options: StateDictOptions = {}): Promise<ReadonlyMap<string, Tensor>> {
  return (await readWeightsFile(file, options)).weights
}

/** Does {@link readWeights}, and tells which state dict it read of a file that holds several. */
export async function readWeightsFile(file: string, options: StateDictOptions = {}): Promise<WeightsFile> {
  const { tensors, prefix: wrappers = '', ...choice } = await readTensors(file, options)
  const rest = options.prefix === undefined ? withoutSharedPrefix(tensors, isKnown) : { tensors }
  const prefix = wrappers + (rest.prefix ?? '')
  return { weights: rest.tensors, ...choice, ...(prefix !== '' && { prefix }) }
}

async function readTensors(file: string, options: StateDictOptions) {
  const ending = extname(file).toLowerCase()
  if (ending === '.onnx') {
    const advice = 'name the run or the checkpoint that it was exported from'
    throw expected('a PyTorch state dict or a safetensors file', file, `an ONNX model: ${advice}`)
  }
  if (ending !== '.safetensors') return readTorchFile(file, options)
  if (options.key !== undefined) throw noSuchKey(options.key, [], file)
  const { tensors, metadata } = await readSafetensors(file)
  for (const [name, { shape, data }] of tensors) {
    if (data instanceof Float64Array) tensors.set(name, { shape, data: Float32Array.from(data) })
  }
  return { ...withoutPrefix(tensors, file, options.prefix), otherKeys: [], metadata }
}

/** True for names that an implementation or a space of this package uses. */
function isKnown(tensors: ReadonlyMap<string, Tensor>): boolean {
  if (namesOfOthers([...tensors.keys()])) return true
  const shapes = supernetShapes(tensors)
  return SPACES.some((space) => toldByWeights(space, shapes) !== undefined)
}
