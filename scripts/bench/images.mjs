#!/usr/bin/env node
/**
 * Compares how fast training images are made: here from a folder and from packed files, and by torchvision's DataLoader
 * with Pillow and as many workers as processors. All decode, crop at random to 224×224, flip and normalise the same
 * JPEGs. The three take turns, and each number is the median of its rounds.
 *
 *     node scripts/bench/images.mjs FOLDER --python PYTHON [--batch 32] [--batches 6] [--rounds 3]
 *
 * FOLDER has `train/CLASS/IMAGE` and `val/CLASS/IMAGE`, such as one of scripts/assets/make-imagenet-like.mjs. PYTHON has
 * torchvision, which takes at least six batches per processor.
 */
import '../report-errors.mjs'
import { availableParallelism, loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchData, ensureNative, listEncoded, openSplits, pack, parseConfig, UserError } from 'pada-native'
import { median } from '#dist/base/statistics.js'
import { run, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const { values, positionals } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    batch: { type: 'string', default: '32' },
    batches: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
  },
  allowPositionals: true,
})
const [folder] = positionals
if (folder === undefined) throw new UserError('Expected a folder of images but received none', 2)
const [batch, batches, rounds] = [
  wholeOption(values, 'batch'),
  wholeOption(values, 'batches'),
  wholeOption(values, 'rounds'),
]
// Before the images are packed, which takes long.
await python('-c', 'import torchvision')

await ensureNative({ log: console.error })
const packed = temporaryFolder('pada-images-')
for (const split of ['train', 'val']) {
  const listed = await listEncoded(join(folder, split))
  await pack(listed, join(packed, `${split}.pada`), { shorter: 256, quality: 90, onError: 'stop' })
}

/** @param {string} dir */
async function here(dir) {
  const config = parseConfig({
    data: { format: 'folder', source: 'streaming', dir, size: 224 },
    training: { augmentation: [{ kind: 'random-resized-crop', interpolation: 'bilinear' }, { kind: 'flip' }] },
  })
  const splits = await openSplits(config.data)
  return (await benchData({ config, splits, batchSize: batch, batches })).imagesPerSecond
}

async function torchvision() {
  const script = fileURLToPath(new URL('images.py', import.meta.url))
  const numbers = [availableParallelism(), batch, batches].map(String)
  return Number(await python(script, join(folder, 'train'), ...numbers))
}

/**
 * What a Python prints.
 *
 * @param {string[]} args
 */
async function python(...args) {
  const { code, stdout, stderr } = await run(values.python, args).catch((error) => {
    throw new UserError(`Expected a Python for --python but received ${values.python}: ${error.message}`, 2)
  })
  if (code === 0) return stdout
  const last = stderr.trim().split('\n').at(-1)
  throw new UserError(`Expected ${values.python} to run torchvision but it ended with: ${last}`)
}

const sides = {
  'torchvision, from JPEGs': torchvision,
  'here, from JPEGs': () => here(resolve(folder)),
  'here, from packed files of a shorter side of 256': () => here(packed),
}
/** @type {Map<string, number[]>} */
const measured = new Map(Object.keys(sides).map((name) => [name, []]))
for (let round = 0; round < rounds; round++) {
  for (const [name, measure] of Object.entries(sides)) measured.get(name)?.push(await measure())
}
const [baseline] = [...measured.values()].map(median)
for (const [name, speeds] of measured) {
  const speed = median(speeds)
  console.log(`${name}: ${speed.toFixed(0)} images/s, ${(speed / baseline).toFixed(2)} times torchvision`)
}
console.log(`load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors`)
