import { describe, expect, it } from 'vitest'
import { requireMemory } from '../../../src/data/memory.js'

describe('requireMemory', () => {
  const extents = { height: 224, width: 224 }

  it('allows images in half of the memory', () => {
    const image = 3 * 224 * 224
    expect(() => requireMemory({ train: 3, test: 2 }, extents, 'here', 10 * image)).not.toThrow()
    expect(() => requireMemory({ train: 3, test: 3 }, extents, 'here', 10 * image)).toThrow('half of the memory')
  })

  it('refuses the whole of ImageNet in one sentence', () => {
    expect(() => requireMemory({ train: 1_281_167, test: 50_000 }, extents, '/imagenet', 64e9)).toThrow(
      /^Expected at most 32\.0 GB, half of the memory, for \/imagenet but received 1331167 images of 3×224×224, 200\.4 GB; data\.trainCount and data\.size make it less, and data\.source streaming reads them during training$/,
    )
  })

  it('refuses a split that is longer than an array can be', () => {
    expect(() => requireMemory({ train: 1e12, test: 1 }, extents, 'here', Infinity)).toThrow(
      /^Expected at most \d+\.\d GB per split, the longest array of this Node\.js, for here but received 1000000000000 /,
    )
  })
})
