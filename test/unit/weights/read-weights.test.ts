import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Tensor, writeSafetensors } from '../../../src/formats/safetensors.js'
import { matchWeights } from '../../../src/weights/match.js'
import { readWeights, readWeightsFile } from '../../../src/weights/read-weights.js'
import { autodlShapes, networkPath, stateDict, timmShapes, torchvisionShapes } from '../../support/import-fixture.js'

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

const named = (name: string) => new Map<string, Tensor>([[name, { shape: [0], data: new Float32Array() }]])

it.each<[string, ReadonlyMap<string, Tensor>, boolean]>([
  ['model.', stateDict(autodlShapes({ affine: false })), true],
  ['architecture.', stateDict(timmShapes(networkPath('timm'))), true],
  ['net.student.', stateDict(torchvisionShapes(networkPath('torchvision'))), true],
  ['module._orig_mod.model.', named('blocks.1.mobile_inverted_conv.depth_conv.conv.weight'), true],
  ['model.', named('features.classifier.weight'), false],
])('takes off %s if the rest are names of a network', async (prefix, tensors, known) => {
  const file = join(dir, 'weights.safetensors')
  await writeSafetensors(
    file,
    [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const),
  )
  const read = await readWeightsFile(file)
  expect(read.prefix).toBe(known ? prefix : undefined)
  expect(new Set(read.weights.keys())).toEqual(new Set([...tensors.keys()].map((name) => (known ? '' : prefix) + name)))
})

it('reads PyTorch files by whatever other name', async () => {
  const weights = await readWeights(new URL('../../fixtures/state-dict.pt', import.meta.url).pathname)
  expect([...weights.keys()]).toEqual(['0.weight', '0.bias', '1.weight'])
})

it('says that an ONNX model is no checkpoint', async () => {
  await expect(readWeights('net.onnx')).rejects.toThrow(
    'Expected a PyTorch state dict or a safetensors file for net.onnx but received an ONNX model: ' +
      'name the run or the checkpoint that it was exported from',
  )
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
  })
})
