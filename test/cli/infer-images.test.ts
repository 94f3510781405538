/** `infer` on image files: prepared as the run's test images, with the names of the classes. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/index.js'
import { loadSplits } from '../../src/data/index.js'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { drawImages } from '../support/drawn-images.js'
import { pada, tiny } from '../support/harness.js'
import { int64Npy } from '../support/npy.js'

const folder = mkdtempSync(join(tmpdir(), 'pada-infer-images-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TRAINING = ['network.channels=4', 'training.epochs=3', 'training.batchSize=8', 'threads=1']
const PATH = ['--path', '3,3,3,1,3,3']

async function retrain(out: string, data: string): Promise<{ top1: number }> {
  const settings = ['--set', `data=${data}`, ...TRAINING]
  const outcome = await pada(['retrain', '--config', 'retrain-smoke', ...PATH, ...settings, '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  return JSON.parse(outcome.stdout.trimEnd().split('\n').at(-1)!)
}

const images = join(folder, 'images')
const own = join(folder, 'own')
const embedded = join(folder, 'embedded')
let trained: { top1: number }

beforeAll(async () => {
  drawImages(images)
  trained = await retrain(own, `{format: folder, dir: ${images}, size: 16}`)
  await retrain(embedded, '{format: embedded, padTo: 32, downsample: 4, trainCount: 200, testCount: 50}')
})

test('a folder of images: the accuracy of the retraining, with the names of the classes', async () => {
  const outcome = await pada(['infer', '--checkpoint', own, '--input', join(images, 'test'), '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const { predictions } = JSON.parse(outcome.stdout).paths[0] as {
    predictions: { image: string; class: number; name: string; probability: number }[]
  }
  expect(predictions).toHaveLength(24)
  expect(predictions[0].image).toBe(join('crimson', '0.ppm'))
  const right = predictions.filter(({ image, name }) => dirname(image) === name)
  expect(right.length / 24).toBe(trained.top1)
  for (const { class: label, name, probability } of predictions) {
    expect(name).toBe(['crimson', 'green', 'navy'][label])
    expect(probability).toBeGreaterThan(1 / 3)
    expect(probability).toBeLessThanOrEqual(1)
  }
})

test('one image: a table with its class', async () => {
  const outcome = await pada(['infer', '--checkpoint', own, '--input', join(images, 'test', 'navy', '3.ppm')])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout).toMatch(
    /│ image +│ class +│ probability │\n.*\n│ \S*3\.ppm │ (crimson|green|navy) +│ +\d+\.\d\d % │/,
  )
})

test('grey images are padded and downsampled as in the run', async () => {
  const assets = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))
  const raw = gunzipSync(readFileSync(join(assets, 't10k-images-idx3-ubyte.gz'))).subarray(16)
  const files = join(folder, 'grey')
  mkdirSync(files)
  for (let index = 0; index < 20; index++) {
    const pixels = raw.subarray(index * 784, (index + 1) * 784)
    const name = `${String(index).padStart(2, '0')}.pgm`
    writeFileSync(join(files, name), Buffer.concat([Buffer.from('P5\n28 28\n255\n'), pixels]))
  }
  const data = { format: 'embedded', padTo: 32, downsample: 4, trainCount: 200 } as const
  const { test: split } = await loadSplits(parseConfig({ data }).data)
  const [mean, std] = [split.mean![0], split.std![0]]
  const array = join(folder, 'array.npy')
  const normalised = Float32Array.from(split.images.subarray(0, 20 * 64), (byte) => (byte / 255 - mean) / std)
  await writeNpy(array, [20, 1, 8, 8], normalised)
  const labels = join(folder, 'labels.npy')
  writeFileSync(labels, int64Npy([...split.labels.subarray(0, 20)]))

  const logits: Float32Array[] = []
  for (const input of [files, array]) {
    const output = join(folder, 'logits.npy')
    const outcome = await pada([
      'infer',
      '--checkpoint',
      embedded,
      '--input',
      input,
      '--output',
      output,
      '--labels',
      labels,
    ])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain(input === files ? 'logits.npy\n' : 'logits.npy (replaced)\n')
    expect(outcome.stdout.includes('ankle boot')).toBe(input === files)
    logits.push((await readNpy(output)).data as Float32Array)
  }
  for (const [at, logit] of logits[0].entries()) expect(logit).toBeCloseTo(logits[1][at], 4)
})

test('images are resized to data.size, and then padded, as in the run', async () => {
  const run = join(folder, 'padded')
  await retrain(run, `{format: folder, dir: ${images}, size: 12, padTo: 16}`)
  const data = { format: 'folder', dir: images, size: 12, padTo: 16 } as const
  const { test: split } = await loadSplits(parseConfig({ data }).data)
  const { mean, std, labels } = split
  const size = 3 * 16 * 16
  const normalised = Float32Array.from(split.images, (_, at) => {
    const [file, pixel] = [Math.floor(at / size), at % size]
    // Files are sorted by class. In the split the classes take turns.
    const [label, index] = [Math.floor(file / 8), file % 8]
    const channel = Math.floor(pixel / 256)
    return (split.images[(3 * index + label) * size + pixel] / 255 - mean![channel]) / std![channel]
  })
  const array = join(folder, 'padded.npy')
  await writeNpy(array, [labels.length, 3, 16, 16], normalised)
  const logitsOf = async (input: string) => {
    const output = join(folder, 'padded-logits.npy')
    const outcome = await pada(['infer', '--checkpoint', run, '--input', input, '--output', output])
    expect(outcome.code, outcome.stderr).toBe(0)
    return (await readNpy(output)).data as Float32Array
  }
  const [byFiles, byArray] = [await logitsOf(join(images, 'test')), await logitsOf(array)]
  expect(byFiles).toHaveLength(byArray.length)
  for (const [at, logit] of byFiles.entries()) expect(logit).toBeCloseTo(byArray[at], 4)
})

/** A copy of a run whose log says something else of its images. */
function retold(name: string, change: (start: { ownImages?: boolean; input: { channels: number } }) => void): string {
  const run = join(folder, name)
  cpSync(own, run, { recursive: true })
  const [first, ...rest] = readFileSync(join(run, 'events.jsonl'), 'utf8').split('\n')
  const start = JSON.parse(first)
  change(start)
  writeFileSync(join(run, 'events.jsonl'), [JSON.stringify(start), ...rest].join('\n'))
  return run
}

test('the run of a search classifies by the paths that are named', async () => {
  const run = join(folder, 'run')
  const outcome = await pada(['train', ...tiny(), '--out', run])
  expect(outcome.code, outcome.stderr).toBe(0)
  const args = ['--checkpoint', run, '--input', join(folder, 'grey'), '--path', '3,3,3,1,3,3', '1,1,1,1,1,1', '--json']
  const inferred = await pada(['infer', ...args])
  expect(inferred.code, inferred.stderr).toBe(0)
  for (const { predictions } of JSON.parse(inferred.stdout).paths) expect(predictions).toHaveLength(20)
})

test('a search, which reads its training images again for their mean, refuses others', async () => {
  const [pictures, run] = [join(folder, 'pictures'), join(folder, 'search')]
  drawImages(pictures)
  const data = [`data={format: folder, dir: ${pictures}, size: 16}`, 'training={epochs: 1, batchSize: 24}']
  const trained = await pada(['train', ...tiny(...data), '--out', run])
  expect(trained.code, trained.stderr).toBe(0)
  const infer = () => pada(['infer', '--checkpoint', run, '--path', '3,3,3,1,3,3', '--input', join(images, 'test')])
  const same = await infer()
  expect(same.code, same.stderr).toBe(0)
  copyFileSync(join(pictures, 'train', 'navy', '0.ppm'), join(pictures, 'train', 'green', '0.ppm'))
  const others = await infer()
  expect(others.code).toBe(1)
  expect(others.stderr).toMatch(/Expected the images that the run was trained on .* but received others/)
  expect(others.stdout).toBe('')
})

test.each([
  [
    'no image',
    () => ['--checkpoint', own, '--input', 'no.png'],
    /Expected an image, a folder of images or an \.npy file for no\.png/,
    1,
  ],
  [
    'a folder without images',
    () => ['--checkpoint', own, '--input', own],
    /Expected images of JPEG, .* without any$/m,
    1,
  ],
  [
    "a script's own images",
    () => {
      const run = retold('scripted', (start) => {
        start.ownImages = true
      })
      return ['--checkpoint', run, '--input', images]
    },
    /Expected a run that prepares image files .* whose images came from a script; --input takes an \.npy file$/m,
    2,
  ],
  [
    'images of four channels',
    () => {
      const run = retold('four', ({ input }) => {
        input.channels = 4
      })
      return ['--checkpoint', run, '--input', images]
    },
    /Expected a run that prepares image files .* whose images have 4 channels; --input takes an \.npy file$/m,
    2,
  ],
  [
    'weights of no run',
    () => {
      writeFileSync(join(folder, 'weights.safetensors'), readFileSync(join(own, 'best.safetensors')))
      return ['--checkpoint', join(folder, 'weights.safetensors'), '--input', images]
    },
    /Expected a run folder with images for --checkpoint but received .*, which does not say how to prepare them$/m,
    2,
  ],
  [
    'an array without a place for the logits',
    () => ['--checkpoint', embedded, '--input', join(folder, 'array.npy')],
    /Expected --output for the logits of an array but received none$/m,
    2,
  ],
])('infer refuses %s', async (_name, args, sentence, code) => {
  const outcome = await pada(['infer', ...args()])
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.code).toBe(code)
  expect(outcome.stdout).toBe('')
})
