/** Uniform numbers in [−1, 1) by mulberry32, as `random_numbers` in scripts/fixtures/shared.py. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

export function randomFloats(random: () => number, length: number, bound: number): Float32Array {
  return Float32Array.from({ length }, () => random() * bound)
}
