import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadSplits } from '../../src/data/index.js'
import { writeNpy } from '../../src/formats/npy.js'
import { readSafetensors } from '../../src/formats/safetensors.js'
import { evaluateLogits } from '../../src/search/inference.js'
import { pada, temporaryFolder } from '../support/harness.js'
import { int64Npy } from '../support/npy.js'
import { runOnnx } from '../support/onnx.js'

const DATA = { format: 'embedded', trainCount: 300, testCount: 200, padTo: 32, downsample: 4 } as const
const SETTINGS = {
  space: { name: 'nasbench-macro', channels: 4 },
  data: DATA,
  method: { name: 'spos' },
  training: { epochs: 3, batchSize: 50 },
  ranking: { subModels: 3, batchSize: 70, recalibration: { images: 130, batchSize: 40 } },
}
const SHAPE = { channels: 1, height: 8, width: 8 }

let run: string
let ranked: { path: string; correct: number }[]
let images: Float32Array
let labels: Int32Array
let files: Record<'input' | 'labels', string>

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pada-statistics-'))
  run = join(folder, 'run')
  const config = join(folder, 'settings.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  const outcome = await pada(['search', '--config', config, '--out', run])
  expect(outcome.code, outcome.stderr).toBe(0)
  ranked = readFileSync(join(run, 'evaluated.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ path }) => path !== undefined)
    .map(({ path, correct }) => ({ path: path.join(), correct }))
  const { test: split } = await loadSplits(DATA)
  const [mean, std] = [split.mean![0], split.std![0]]
  labels = split.labels
  images = Float32Array.from(split.images, (pixel) => (pixel / 255 - mean) / std)
  files = { input: join(folder, 'images.npy'), labels: join(folder, 'labels.npy') }
  await writeNpy(files.input, [labels.length, 1, 8, 8], images)
  writeFileSync(files.labels, int64Npy([...labels]))
})
afterAll(() => rmSync(dirname(run), { recursive: true }))

/** What infer says of the ranked paths, and their numbers of correct images. */
async function inferred(checkpoint: string, ...options: string[]) {
  const output = join(temporaryFolder(), 'logits.npy')
  const given = ['--checkpoint', checkpoint, '--input', files.input, '--labels', files.labels, '--output', output]
  const outcome = await pada(['infer', ...given, '--path', ...ranked.map(({ path }) => path), ...options, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const { statistics, paths } = JSON.parse(outcome.stdout)
  const correct = paths.map(({ accuracy }: { accuracy: number }) => Math.round(accuracy * labels.length))
  return { statistics, correct }
}

test('infer classifies as the ranking does, by running statistics of each path', async () => {
  expect(ranked).toHaveLength(3)
  const right = ranked.map(({ correct }) => correct)
  expect(await inferred(run)).toEqual({ statistics: { kind: 'recalibrated', images: 130 }, correct: right })
  const weights = join(run, 'checkpoint', 'weights.safetensors')
  expect((await inferred(weights)).correct).toEqual(right)

  const stored = await inferred(run, '--no-recalibrate')
  expect(stored.statistics).toEqual({ kind: 'stored', reason: '--no-recalibrate is given' })
  expect(stored.correct).not.toEqual(right)
  const copy = join(temporaryFolder(), 'copy.safetensors')
  copyFileSync(weights, copy)
  const outside = await inferred(copy)
  expect(outside).toEqual({
    statistics: { kind: 'stored', reason: 'no run tells the training images' },
    correct: stored.correct,
  })
})

test('a model in onnxruntime classifies as the ranking does, and says by which statistics', async () => {
  const folder = temporaryFolder()
  const correct: number[] = []
  for (const { path } of ranked) {
    const out = join(folder, 'model.onnx')
    const outcome = await pada(['export', run, '--format', 'onnx', '--path', path, '--out', out])
    expect(outcome.code, outcome.stderr).toBe(0)
    const sentence = 'running statistics of the path, from 130 training images as in the ranking'
    expect(outcome.stdout).toContain(sentence)
    expect(readFileSync(out).includes(sentence)).toBe(true)
    const { accuracy } = evaluateLogits(await runOnnx(readFileSync(out), images, SHAPE), labels)
    correct.push(Math.round(accuracy * labels.length))
  }
  expect(correct).toEqual(ranked.map(({ correct }) => correct))
})

test('a sub-model has the statistics of its path, and the whole supernet the stored ones', async () => {
  const folder = temporaryFolder()
  const stored = await readSafetensors(join(run, 'checkpoint', 'weights.safetensors'))
  const [{ path }] = ranked
  const exported = async (...options: string[]) => {
    const out = join(folder, 'out.safetensors')
    const outcome = await pada(['export', run, '--format', 'safetensors', '--out', out, ...options])
    expect(outcome.code, outcome.stderr).toBe(0)
    const { tensors, metadata } = await readSafetensors(out)
    const differing = [...tensors].filter(([name, { data }]) => {
      return Buffer.compare(bytes(data), bytes(stored.tensors.get(name)!.data)) !== 0
    })
    return { differing: differing.map(([name]) => name), statistics: metadata.get('statistics') }
  }
  const own = await exported('--path', path)
  expect(own.differing.length).toBeGreaterThan(5)
  expect(own.differing.filter((name) => !/\.running_(mean|var)$/.test(name))).toEqual([])
  expect(own.statistics).toContain('from 130 training images')
  const kept = await exported('--path', path, '--no-recalibrate')
  expect(kept.differing).toEqual([])
  expect(kept.statistics).toContain('as stored after training, because --no-recalibrate is given')
  const out = join(folder, 'refused.safetensors')
  const alone = await pada(['export', run, '--out', out, '--no-recalibrate'])
  expect(alone.stderr).toContain('Expected --path with --no-recalibrate but received none')
  expect(alone.code).toBe(2)
  const whole = await exported()
  expect(whole.differing).toEqual([])
  expect(whole.statistics).toContain('as stored after training, because they are of no path')
})

test('other training images than the run had are refused', async () => {
  const folder = temporaryFolder()
  // As if the files had changed: the settings of the run and of its checkpoint agree.
  const files = [join(run, 'config.yaml'), join(run, 'checkpoint', 'state.json')]
  const texts = files.map((file) => readFileSync(file, 'utf8'))
  try {
    files.forEach((file, i) => void writeFileSync(file, texts[i].replace(/(trainCount"?: ?)300/, '$1299')))
    const out = join(folder, 'model.onnx')
    const refused = await pada(['export', run, '--format', 'onnx', '--path', ranked[0].path, '--out', out])
    expect(refused.stderr).toContain(
      `Expected the training images that ${run} was started with but received others; --no-recalibrate takes the stored`,
    )
    expect(refused.code).toBe(1)
  } finally {
    files.forEach((file, i) => void writeFileSync(file, texts[i]))
  }
})

function bytes({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
