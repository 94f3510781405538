#!/usr/bin/env node
/**
 * Compares how fast training images are made: here from a folder and from packed files, and by torchvision's DataLoader
 * with Pillow and as many workers as processors. All decode, crop at random to 224×224, flip and normalise the same
 * JPEGs. The three take turns, and each number is the median of its rounds.
 *
 *     node scripts/bench/images.mjs FOLDER --python PYTHON [--batch 32] [--batches 6] [--rounds 3]
 *
 * FOLDER has `train/CLASS/IMAGE` and `val/CLASS/IMAGE`, such as one of scripts/assets/make-imagenet-like.mjs.
 */
import '../report-errors.mjs'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchData, ensureNative, listEncoded, openSplits, pack, parseConfig, UserError } from 'pada-native'
import { median } from '#dist/base/statistics.js'

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
const [batch, batches, rounds] = [values.batch, values.batches, values.rounds].map(Number)

await ensureNative({ log: console.error })
const packed = mkdtempSync(join(tmpdir(), 'pada-images-'))
process.once('exit', () => rmSync(packed, { recursive: true, force: true }))
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
  const { stdout, stderr, status } = spawnSync(values.python, [script, join(folder, 'train'), ...numbers], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new UserError(`Expected images per second from ${script} but received ${stderr.trim()}`)
  return Number(stdout)
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
