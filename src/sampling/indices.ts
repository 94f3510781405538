/** Random indices, such as the order in which an epoch visits the training images. */
import type { RandomStream } from '../base/random.js'
import { Categorical } from './categorical.js'

/** The indices 0 … count − 1, each once, in random order (Fisher–Yates). */
export function shuffledIndices(count: number, random: RandomStream): Int32Array {
  const indices = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const swapped = indices[i]
    indices[i] = indices[j]
    indices[j] = swapped
  }
  return indices
}

/** Draws as many indices as there are probabilities, each independently: some occur several times, some never. */
export function drawnIndices(probabilities: Float64Array, random: RandomStream): Int32Array {
  const distribution = new Categorical(probabilities)
  return Int32Array.from(probabilities, () => distribution.draw(random))
}

/** Draws `count` different elements in random order. Every subset has the same probability. */
export function sampleWithoutReplacement<T>(elements: readonly T[], count: number, random: RandomStream): T[] {
  const pool = elements.slice()
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(pool.length - i)
    const swapped = pool[i]
    pool[i] = pool[j]
    pool[j] = swapped
  }
  return pool.slice(0, count)
}
