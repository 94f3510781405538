import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/index.js'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { writeTorchStateDict } from '../../src/formats/torch-writer.js'
import { createSpace } from '../../src/spaces/index.js'
import { nasBench201 } from '../../src/spaces/nasbench201/nasbench201.js'
import { readWeights } from '../../src/weights/read-weights.js'
import { pada, temporaryFolder, tiny } from '../support/harness.js'
import { runOnnx } from '../support/onnx.js'
import { randomFloats, randomNumbers } from '../support/random.js'

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

let run: string
beforeAll(async () => {
  run = join(mkdtempSync(join(tmpdir(), 'pada-export-')), 'run')
  const trained = await pada(['train', ...tiny(), '--out', run])
  expect(trained.code, trained.stderr).toBe(0)
})
afterAll(() => rmSync(dirname(run), { recursive: true }))

test('export writes the supernet of a run in both formats, and one path of it', async () => {
  const folder = temporaryFolder()
  const weights = await readWeights(join(run, 'checkpoint', 'weights.safetensors'))
  for (const format of ['pt', 'safetensors']) {
    const out = join(folder, `all.${format}`)
    // The ending says the format.
    const outcome = await pada(['export', run, '--out', out])
    expect(outcome.code, outcome.stderr).toBe(0)
    const other = format === 'pt' ? 'safetensors' : 'pt'
    const refused = await pada(['export', run, '--format', other, '--out', out])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(`Expected a file that ends in .${other}, as --format says, for --out but received`)
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

test('export writes the averaged weights of a retraining', async () => {
  const folder = temporaryFolder()
  const file = (name: string) => join(folder, name)
  const network = ['--path', '3,4,0,1,0,2', '--set', 'network.channels=4', 'data.trainCount=32', 'data.testCount=32']
  const step = ['training.epochs=1', 'training.batchSize=32']
  const retrain = async (name: string, ...more: string[]) => {
    const recipe = ['retrain', '--config', 'retrain-smoke', ...network, ...step, ...more]
    const outcome = await pada([...recipe, '--out', file(name)])
    expect(outcome.code, outcome.stderr).toBe(0)
  }
  const exported = async (source: string, ...options: string[]) => {
    const outcome = await pada(['export', source, ...options, '--out', file('out.safetensors')])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain('as stored after training, because the network was trained alone\n')
    return readWeights(file('out.safetensors'))
  }
  await retrain('plain')
  const before = await exported(file('plain'))
  await writeTorchStateDict(file('before.pt'), before)
  // One step from known weights, so that the averages are three quarters of these and one of the raw weights.
  await retrain('averaging', 'training.averaging={decay: 0.75}', '--init', file('before.pt'))
  const raw = await exported(file('averaging'))
  const averaged = await exported(file('averaging'), '--averaged')
  expect([...averaged.keys()]).toEqual([...raw.keys()])
  let moved = 0
  for (const [name, { shape, data }] of averaged) {
    expect(shape).toEqual(raw.get(name)!.shape)
    for (const [i, value] of (data as Float32Array).entries()) {
      const [first, last] = [before, raw].map((weights) => Number(weights.get(name)!.data[i]))
      expect(Math.abs(value - (0.75 * first + 0.25 * last)), name).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
      moved = Math.max(moved, Math.abs(last - first))
    }
  }
  expect(moved).toBeGreaterThan(1e-3)

  const refused = async (source: string, ...options: string[]) => {
    const { code, stderr } = await pada(['export', source, '--averaged', ...options, '--out', file('none.pt')])
    expect(code).toBe(2)
    expect(existsSync(file('none.pt'))).toBe(false)
    return stderr.trimEnd()
  }
  expect(await refused(file('averaging'), '--best')).toBe(
    'pada-native: Expected --best or --averaged but received both',
  )
  for (const source of [file('plain'), run, file('before.pt')]) {
    expect(await refused(source)).toBe(
      `pada-native: Expected a retraining with training.averaging for --averaged but received ${source}`,
    )
  }
})

test('export writes a path of a checkpoint file, whose space may be given', async () => {
  const folder = temporaryFolder()
  const checkpoint = await makeCheckpoint(folder)
  const out = join(folder, 'one.safetensors')
  const args = ['export', checkpoint, '--format', 'safetensors', '--path', '1,1,1,1,1,1', ...OF_SPACE, '--out', out]
  const outcome = await pada(args)
  expect(outcome.code, outcome.stderr).toBe(0)
  const expected = space.parameters().filter(({ operation }) => operation === undefined)
  expect([...(await readWeights(out)).keys()].sort()).toEqual(expected.map(({ name }) => name).sort())
})

test('export refuses a path of a file with tensors that would be left out', async () => {
  const folder = temporaryFolder()
  const checkpoint = await makeCheckpoint(folder)
  const tensors = new Map(await readWeights(checkpoint))
  const ones = { shape: [4], data: new Float32Array(4).fill(1) }
  for (const name of ['stem.1.running_mean', 'stem.1.running_var', 'stem.1.num_batches_tracked'])
    tensors.set(name, ones)
  const more = join(folder, 'more.pt')
  await writeTorchStateDict(more, tensors)
  const out = join(folder, 'one.pt')
  const args = ['export', more, '--path', '1,1,1,1,1,1', ...OF_SPACE, 'space.affine=false', '--out', out]
  const outcome = await pada(args)
  expect(outcome.code, outcome.stderr).toBe(0)
  await writeTorchStateDict(more, tensors.set('stem.1.weight', ones))
  const refused = await pada(args)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toBe(
    `pada-native: Expected tensors of nasbench201 only in ${more} but received 1 left over: stem.1.weight\n`,
  )
})

test('export writes a path of a run, or of its weights, as the same model, with the logits of infer', async () => {
  const folder = temporaryFolder()
  const file = (name: string) => join(folder, name)
  const weights = join(run, 'checkpoint', 'weights.safetensors')
  const path = ['--path', '3,4,0,1,0,2']

  const model = ['--format', 'onnx', ...path]
  const outcome = await pada(['export', run, ...model, '--out', file('one.onnx'), '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const result = { event: 'result', output: file('one.onnx'), format: 'onnx', arch: expect.stringContaining('|') }
  expect(JSON.parse(outcome.stdout)).toMatchObject(result)
  const copy = file('copy.safetensors')
  copyFileSync(weights, copy)
  // In its run folder a file has images of a known size.
  for (const of of [[weights], [copy, '--size', '16']]) {
    const again = await pada(['export', ...of, ...model, '--out', file('again.onnx')])
    expect(again.code, again.stderr).toBe(0)
    expect(readFileSync(file('again.onnx')).equals(readFileSync(file('one.onnx')))).toBe(true)
  }

  // A script may bring images of another size than the settings name. The log tells it.
  const scripted = file('scripted')
  cpSync(run, scripted, { recursive: true })
  const log = join(scripted, 'events.jsonl')
  writeFileSync(log, readFileSync(log, 'utf8').replace('"height":16,"width":16', '"height":12,"width":12'))
  for (const [name, ...of] of [
    ['log.onnx', scripted],
    ['size.onnx', copy, '--size', '12'],
  ]) {
    const small = await pada(['export', ...of, ...model, '--out', file(name)])
    expect(small.code, small.stderr).toBe(0)
  }
  expect(readFileSync(file('log.onnx')).equals(readFileSync(file('size.onnx')))).toBe(true)
  expect(readFileSync(file('log.onnx')).equals(readFileSync(file('one.onnx')))).toBe(false)

  const images = randomFloats(randomNumbers(1), 6 * 16 * 16, 2)
  await writeNpy(file('images.npy'), [6, 1, 16, 16], images)
  const input = ['--checkpoint', run, '--input', file('images.npy')]
  const inferred = await pada(['infer', ...input, ...path, '--output', file('logits.npy')])
  expect(inferred.code, inferred.stderr).toBe(0)
  const expected = (await readNpy(file('logits.npy'))).data as Float32Array
  const logits = await runOnnx(readFileSync(file('one.onnx')), images, { channels: 1, height: 16, width: 16 })
  expect(logits).toHaveLength(expected.length)
  // Logits are of the order of 1; the sums of float32 are in another order.
  for (const [i, logit] of logits.entries()) expect(Math.abs(logit - expected[i])).toBeLessThan(1e-4)
})

test.each([
  ['no source', [], 2, /Expected a run folder or a checkpoint for export but received none/],
  ['a source that is not there', ['nowhere.pt'], 1, /Expected a readable checkpoint for nowhere\.pt/],
  [
    'another space than the weights are of',
    ['FILE', '--path', '1', '--space', 'darts'],
    1,
    /Expected weights of darts in/,
  ],
  ['a space without a path', ['FILE', ...OF_SPACE], 2, /Expected --path with --space and --set/],
  ['a path outside of the space', ['FILE', '--path', '9,1,1,1,1,1', ...OF_SPACE], 2, /Expected 0…4 for 1<-0/],
  ['settings of something else', ['FILE', '--path', '1', '--space', 'darts', '--set', 'seed=1'], 2, /setting of space/],
  [
    'a space of another size',
    ['FILE', '--path', '3,3,3,3,3,3', '--set', 'space.channels=4'],
    1,
    /Expected weights of shape/,
  ],
  ['another format', ['FILE', '--format', 'npz'], 2, /format/],
  ['a model without a path', ['FILE', '--format', 'onnx'], 2, /Expected --path with --format onnx but received none/],
  [
    'a size of images without a model',
    ['FILE', '--path', '1,1,1,1,1,1', ...OF_SPACE, '--size', '16'],
    2,
    /Expected --format onnx with --size but received pt/,
  ],
])('export refuses %s', async (_name, args, code, sentence) => {
  const folder = temporaryFolder()
  const checkpoint = await makeCheckpoint(folder)
  const out = join(folder, 'out')
  const given = args.map((arg) => (arg === 'FILE' ? checkpoint : arg))
  const outcome = await pada(['export', ...given, '--out', out])
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
  expect(readdirSync(folder)).toEqual(['supernet.pt'])
})

test('export takes the scale and shift of a stem of DARTS along, without being told of them', async () => {
  const folder = temporaryFolder()
  const darts = createSpace(
    parseConfig({ space: { name: 'darts', channels: 2, cells: 3, affine: true } }).space,
    { channels: 1, height: 8, width: 8 },
    4,
  )
  const file = join(folder, 'darts.pt')
  const zeros = darts.parameters().map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
    return [name, { shape, data }] as const
  })
  await writeTorchStateDict(file, zeros)
  const out = join(folder, 'one.pt')
  const path = darts.encode(darts.choices.map(() => 0))
  const outcome = await pada([...['export', file, '--path', path, '--out', out]])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect([...(await readWeights(out)).keys()]).toEqual(expect.arrayContaining(['stem.1.weight', 'stem.1.bias']))
})

test('nothing is written over the files of a run, or over what is read', async () => {
  const checkpoint = join(run, 'checkpoint', 'weights.safetensors')
  for (const file of [checkpoint, join(run, 'config.yaml'), join(run, 'events.jsonl')]) {
    const before = readFileSync(file)
    const format = file === checkpoint ? [] : ['--format', 'safetensors']
    const outcome = await pada(['export', run, '--path', '1,1,1,1,1,1', '--out', file, ...format])
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/^pada-native: Expected /)
    expect(readFileSync(file).equals(before)).toBe(true)
  }
  const input = join(temporaryFolder(), 'x.npy')
  await writeNpy(input, [2, 1, 16, 16], new Float32Array(512))
  const before = readFileSync(input)
  const words = ['--checkpoint', run, '--path', '1,1,1,1,1,1', '--input', input, '--output', input]
  const outcome = await pada(['infer', ...words])
  expect(outcome.code).toBe(2)
  expect(outcome.stderr).toBe(
    `pada-native: Expected another name for the file to write but received ${input}, which is read\n`,
  )
  expect(readFileSync(input).equals(before)).toBe(true)
  // Beside the files of a run there is room for others, also a second time.
  for (const remark of ['', ' (replaced)']) {
    const file = join(run, 'network.safetensors')
    const { stdout } = await pada(['export', run, '--path', '1,1,1,1,1,1', '--out', file])
    expect(stdout).toContain(`${file}${remark}\n`)
  }
})

test('export says where it cannot write, also where no temporary file can be looked for', async () => {
  const folder = temporaryFolder()
  const file = await makeCheckpoint(folder)
  const out = join(folder, 'x'.repeat(300))
  const outcome = await pada(['export', file, '--out', out])
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toContain(`Expected a place that can be written to for ${out} but received ENAMETOOLONG`)
})
