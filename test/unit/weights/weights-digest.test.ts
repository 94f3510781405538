import '../../support/fake-addon.js'
import { expect, it } from 'vitest'
import type { Tensor } from '../../../src/formats/safetensors.js'
import { weightsDigest } from '../../../src/weights/weights-digest.js'

const tensor = (shape: number[], ...data: number[]): Tensor => ({ shape, data: Float32Array.from(data) })

it('the digest of weights covers names, shapes and values, in any order', () => {
  const a = tensor([2], 1, 2)
  const b = tensor([1, 2], 3, 4)
  const same = weightsDigest(
    new Map([
      ['a', a],
      ['b', b],
    ]),
  )
  expect(
    weightsDigest(
      new Map([
        ['b', b],
        ['a', a],
      ]),
    ),
  ).toBe(same)
  const others = [
    new Map([
      ['a', b],
      ['b', a],
    ]),
    new Map([
      ['a', a],
      ['c', b],
    ]),
    new Map([
      ['a', a],
      ['b', tensor([2], 3, 4)],
    ]),
    new Map([
      ['a', a],
      ['b', tensor([1, 2], 3, 4.5)],
    ]),
    new Map([['a', a]]),
  ].map(weightsDigest)
  expect(new Set([same, ...others]).size).toBe(6)
})
