import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { writeSafetensors } from '../../src/formats/safetensors.js'
import { evaluateLogits } from '../../src/search/inference.js'
import { nasBench201 } from '../../src/spaces/nasbench201/nasbench201.js'
import { pada, temporaryFolder } from '../support/harness.js'
import { int64Npy } from '../support/npy.js'

const COUNT = 6
const size = { channels: 4, cellsPerStage: 1, input: { channels: 3, height: 8, width: 8 }, classes: 10 }
const space = nasBench201(size)

/** A checkpoint of a small supernet and a batch of images, of repeatable noise. */
async function makeInput(folder: string, { parameters } = space) {
  let state = 1
  const noise = (length: number) =>
    Float32Array.from({ length }, () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647 - 0.5
    })
  const weights = new Map(
    parameters().map(({ name, shape }) => [name, { shape, data: noise(shape.reduce((a, b) => a * b, 1)) }]),
  )
  const checkpoint = join(folder, 'weights.safetensors')
  await writeSafetensors(checkpoint, weights)
  const input = join(folder, 'images.npy')
  await writeNpy(input, [COUNT, 3, 8, 8], noise(COUNT * 3 * 64))
  const labels = join(folder, 'labels.npy')
  writeFileSync(labels, int64Npy([0, 1, 2, 3, 4, 5]))
  return { weights, checkpoint, input, labels, output: join(folder, 'logits.npy') }
}

const flags = (options: Record<string, string>) =>
  Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
const SMALL = ['--channels', '4', '--cells', '1']

test('infer writes the logits of every path, and compares them with labels', async () => {
  const { checkpoint, input, labels, output } = await makeInput(temporaryFolder())
  const paths = ['--path', '4,0,3,3,3,1', '--path', space.encode([3, 3, 3, 3, 3, 3])]
  const outcome = await pada(['infer', ...SMALL, ...flags({ checkpoint, input, labels, output }), ...paths, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const result = JSON.parse(outcome.stdout)
  expect(result).toMatchObject({ event: 'result', space: 'nasbench201', images: COUNT, classes: 10, output })
  expect(result.paths.map(({ path }: { path: number[] }) => path)).toEqual([
    [4, 0, 3, 3, 3, 1],
    [3, 3, 3, 3, 3, 3],
  ])
  const { shape, data } = await readNpy(output)
  expect(shape).toEqual([2, COUNT, 10])
  for (const [i, { loss, accuracy }] of result.paths.entries()) {
    const logits = data.subarray(i * COUNT * 10, (i + 1) * COUNT * 10) as Float32Array
    expect(logits.every(Number.isFinite)).toBe(true)
    expect(evaluateLogits(logits, [0, 1, 2, 3, 4, 5])).toEqual({ loss, accuracy })
  }
})

test('infer without labels prints no loss, and tells the space from the weights', async () => {
  const affine = nasBench201({ ...size, affine: true })
  const { checkpoint, input, output } = await makeInput(temporaryFolder(), affine)
  const outcome = await pada(['infer', ...flags({ checkpoint, input, output, path: '1,1,1,1,1,1' })])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout).toContain(`logits [1, ${COUNT}, 10] in ${output}`)
})

test.each([
  ['a path of the wrong length', { path: '3,3' }, 2, /Expected 6 numbers .* but received 2/],
  ['an unknown operation', { path: '3,3,3,3,3,7' }, 2, /Expected 0…4 .* but received 7/],
  ['a missing checkpoint', { checkpoint: 'nowhere.pt' }, 1, /Expected .* for nowhere\.pt but received/],
  ['missing images', { input: 'nowhere.npy' }, 1, /Expected a readable \.npy file for nowhere\.npy/],
  [
    'a checkpoint of another size',
    { channels: '8' },
    1,
    /Expected the \d+ tensors of nasbench201 .* of another shape: stem\.0\.weight/,
  ],
  [
    'a checkpoint of fewer cells',
    { cells: '2' },
    1,
    /Expected the 157 tensors of nasbench201 but received a checkpoint with 106 missing: cells\.1\.edges.* 34 left over: cells\.1\.conv_a\./,
  ],
  ['an impossible width', { channels: '0' }, 2, /Expected a whole number of at least 1 for --channels but received 0/],
  ['an output that cannot be written', { output: '/dev/null/logits.npy' }, 1, /Expected .*\/dev\/null\/logits\.npy/],
])('infer refuses %s', async (_name, change, code, sentence) => {
  const { checkpoint, input, output } = await makeInput(temporaryFolder())
  const options = { channels: '4', cells: '1', checkpoint, input, output, path: '1,1,1,1,1,1', ...change }
  const outcome = await pada(['infer', ...flags(options)])
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
  expect(outcome.stdout).toBe('')
})

test('infer refuses truncated images and labels that do not fit', async () => {
  const { checkpoint, input, labels, output } = await makeInput(temporaryFolder())
  const run = () => pada(['infer', ...SMALL, ...flags({ checkpoint, input, labels, output, path: '1,1,1,1,1,1' })])
  writeFileSync(labels, int64Npy([0, 1, 2]))
  expect((await run()).stderr).toMatch(/Expected 6 integer labels for .* but received integer \[3\]/)
  writeFileSync(labels, int64Npy([0, 1, 2, 3, 4, 99]))
  expect((await run()).stderr).toMatch(/Expected labels 0…9 for .* but received 99/)
  writeFileSync(input, readFileSync(input).subarray(0, 500))
  const truncated = await run()
  expect(truncated.stderr).toMatch(/Expected 4608 bytes of elements in .*images\.npy but received \d+/)
  expect(truncated.code).toBe(1)
})
