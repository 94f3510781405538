import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Tensor, writeSafetensors } from '../../../src/formats/safetensors.js'
import { matchWeights } from '../../../src/weights/match.js'
import { readWeights } from '../../../src/weights/read-weights.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-weights-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

it('reads safetensors as float32, without the prefix of a parallel module', async () => {
  const file = join(dir, 'weights.safetensors')
  await writeSafetensors(file, [
    ['module.a', { shape: [2], data: Float64Array.of(0.1, 3) }],
    ['module.b', { shape: [1], data: BigInt64Array.of(5n) }],
  ])
  expect(Object.fromEntries(await readWeights(file))).toEqual({
    a: { shape: [2], data: Float32Array.of(0.1, 3) },
    b: { shape: [1], data: BigInt64Array.of(5n) },
  })
})

it('reads PyTorch files by whatever other name', async () => {
  const weights = await readWeights(new URL('../../fixtures/state-dict.pt', import.meta.url).pathname)
  expect([...weights.keys()]).toEqual(['0.weight', '0.bias', '1.weight'])
})

it('says what tensors and specs have in common', () => {
  const float = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) })
  const specs = [
    { name: 'a', shape: [2] },
    { name: 'b', shape: [2, 3] },
    { name: 'c', shape: [1] },
    { name: 'd', shape: [] },
    { name: 'e', shape: [1] },
  ]
  const tensors = new Map<string, Tensor>([
    ['a', float(2)],
    ['b', float(3, 2)],
    ['c', { shape: [1], data: Int32Array.of(1) }],
    ['d', float(1)],
    ['arch', float(6, 5)],
    ['bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(3n) }],
  ])
  expect(matchWeights(specs, tensors)).toEqual({
    matched: ['a'],
    missing: ['e'],
    misfits: ['b of 3×2 instead of 2×3', 'c of integers', 'd of 1 instead of no axes'],
    left: ['arch'],
    counters: ['bn.num_batches_tracked'],
  })
})
