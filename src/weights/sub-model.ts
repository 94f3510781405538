import { UserError } from '../base/errors.js'
import type { Tensor } from '../formats/safetensors.js'
import { buffersOf, parametersOf } from '../programs/program.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/**
 * The tensors of one path, in the supernet's order and under its names: those that its program uses, running statistics
 * among them, and those that it samples without using them, because they lie on dead edges. So a network that is built from
 * the path operation by operation finds every tensor that it has. With `idle: false` only those that its program uses.
 *
 * @throws UserError where a tensor is missing; for a path outside the space.
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
      throw new UserError(`Expected weights of shape ${shape.join('×')} for ${name} but received ${received}`)
    }
    tensors.set(name, tensor)
  }
  return tensors
}

/** Names of those tensors; throws for a path outside the space. */
export function subModelNames(
  space: SearchSpace,
  path: Path,
  { idle = true }: { readonly idle?: boolean } = {},
): ReadonlySet<string> {
  const program = space.program(path)
  const names = new Set<string>(idle ? program.idle : [])
  for (const instruction of program.instructions) {
    for (const name of [...parametersOf(instruction), ...buffersOf(instruction)]) names.add(name)
  }
  return names
}
