import { expected } from '../base/errors.js'
import type { Tensor } from '../formats/safetensors.js'
import { withoutAuxiliary } from '../programs/outputs.js'
import { buffersOf, parametersOf } from '../programs/program.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/**
 * The tensors of one path, in the supernet's order and under its names. They are the tensors that the path's program
 * uses, running statistics included, and the tensors of its operations on dead edges. So a network built from the path,
 * operation by operation, finds all its tensors. Tensors that only auxiliary outputs need are left out. With
 * `idle: false` only the program's tensors are returned.
 *
 * @throws UserError for a tensor that is missing or has another shape, and for a path outside the space.
 */
export function subModelWeights(
  space: SearchSpace,
  path: Path,
  weights: ReadonlyMap<string, Tensor>,
  { idle = true }: { readonly idle?: boolean } = {},
): Map<string, Tensor> {
  const names = subModelNames(space, path, { idle })
  const tensors = new Map<string, Tensor>()
  for (const { name, shape } of [...space.parameters(), ...(space.buffers?.() ?? [])]) {
    if (!names.has(name)) continue
    const tensor = weights.get(name)
    if (tensor === undefined || tensor.shape.join() !== shape.join()) {
      const received = tensor === undefined ? 'none' : `shape ${tensor.shape.join('×')}`
      throw expected(`weights of shape ${shape.join('×')}`, name, received)
    }
    tensors.set(name, tensor)
  }
  return tensors
}

/** Names of the tensors of {@link subModelWeights}; throws a UserError for a path outside the space. */
export function subModelNames(
  space: SearchSpace,
  path: Path,
  { idle = true }: { readonly idle?: boolean } = {},
): ReadonlySet<string> {
  const program = withoutAuxiliary(space.program(path))
  const names = new Set<string>(idle ? program.idle : [])
  for (const instruction of program.instructions) {
    for (const name of [...parametersOf(instruction), ...buffersOf(instruction)]) names.add(name)
  }
  return names
}
