/** Repeatable random weights of a search space. */
import { scalars } from '../../src/base/shapes.js'
import type { Tensor } from '../../src/formats/safetensors.js'
import type { SearchSpace } from '../../src/spaces/space.js'
import { randomFloats, randomNumbers } from './random.js'

/** Random values for every parameter and buffer of a supernet. Running variances are ones. */
export function tensorsOf(space: SearchSpace, seed = 1): Map<string, Tensor> {
  const numbers = randomNumbers(seed)
  const tensors = new Map<string, Tensor>()
  for (const { name, shape } of [...space.parameters(), ...(space.buffers?.() ?? [])]) {
    const length = scalars(shape)
    const data = name.endsWith('running_var') ? new Float32Array(length).fill(1) : randomFloats(numbers, length, 0.5)
    tensors.set(name, { shape, data })
  }
  return tensors
}
