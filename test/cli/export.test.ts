import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readWeights } from '../../src/checkpoint/read-weights.js'
import { writeTorchStateDict } from '../../src/checkpoint/torch-writer.js'
import { nasBench201 } from '../../src/spaces/nasbench201.js'
import { pada, temporaryFolder, tiny } from './harness.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 3, height: 8, width: 8 }, classes: 4 })
const OF_SPACE = ['--space', 'nasbench201', '--set', 'space.channels=2', 'space.cellsPerStage=1']

async function makeCheckpoint(folder: string): Promise<string> {
  const file = join(folder, 'supernet.pt')
  await writeTorchStateDict(
    file,
    space.parameters().map(({ name, shape }, i) => {
      const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(i)
      return [name, { shape, data }]
    }),
  )
  return file
}

test('export writes the supernet of a run in both formats, and one path of it', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const trained = await pada(['train', ...tiny(), '--out', run])
  expect(trained.code, trained.stderr).toBe(0)
  const weights = await readWeights(join(run, 'checkpoint', 'weights.safetensors'))
  for (const format of ['pt', 'safetensors']) {
    const out = join(folder, `all.${format}`)
    const outcome = await pada(['export', run, '--format', format, '--out', out])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(new Map(await readWeights(out))).toEqual(new Map(weights))
  }
  const out = join(folder, 'one.pt')
  const outcome = await pada(['export', run, '--path', '3,0,0,1,0,2', '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const one = await readWeights(out)
  expect(JSON.parse(outcome.stdout)).toMatchObject({ event: 'result', output: out, tensors: one.size })
  expect([...one.keys()].some((name) => name.includes('edges.1<-0.3'))).toBe(true)
  expect([...one.keys()].some((name) => name.includes('edges.1<-0.2'))).toBe(false)
  for (const [name, tensor] of one) expect(tensor).toEqual(weights.get(name))
})

test('export writes a path of a checkpoint file whose space is given', async () => {
  const folder = temporaryFolder()
  const checkpoint = await makeCheckpoint(folder)
  const out = join(folder, 'one.safetensors')
  const args = ['export', checkpoint, '--format', 'safetensors', '--path', '1,1,1,1,1,1', ...OF_SPACE, '--out', out]
  const outcome = await pada(args)
  expect(outcome.code, outcome.stderr).toBe(0)
  const expected = space.parameters().filter(({ operation }) => operation === undefined)
  expect([...(await readWeights(out)).keys()].sort()).toEqual(expected.map(({ name }) => name).sort())
})

test.each([
  ['no source', [], 2, /Expected a run folder or a checkpoint for export but received none/],
  ['a source that is not there', ['nowhere.pt'], 1, /Expected a readable checkpoint for nowhere\.pt/],
  ['a path without a space', ['FILE', '--path', '1,1,1,1,1,1'], 2, /Expected --space with --path/],
  ['a space without a path', ['FILE', ...OF_SPACE], 2, /Expected --path with --space and --set/],
  ['a path outside of the space', ['FILE', '--path', '9,1,1,1,1,1', ...OF_SPACE], 2, /Expected 0…4 for 1<-0/],
  ['settings of something else', ['FILE', '--path', '1', '--space', 'darts', '--set', 'seed=1'], 2, /setting of space/],
  [
    'a space of another size',
    ['FILE', '--path', '3,3,3,3,3,3', '--space', 'nasbench201'],
    1,
    /Expected weights of shape/,
  ],
  ['another format', ['FILE', '--format', 'onnx'], 2, /format/],
])('export refuses %s', async (_name, args, code, sentence) => {
  const folder = temporaryFolder()
  const checkpoint = await makeCheckpoint(folder)
  const out = join(folder, 'out.pt')
  const given = args.map((arg) => (arg === 'FILE' ? checkpoint : arg))
  const outcome = await pada(['export', ...given, '--out', out])
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
  expect(readdirSync(folder)).toEqual(['supernet.pt'])
})
