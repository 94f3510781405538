#!/usr/bin/env node
/**
 * Makes JPEGs that resemble ImageNet in size and layout, and that can be learned: `train/CLASS/IMAGE.JPEG` and
 * `val/CLASS/IMAGE.JPEG`. A class is a pair of colours, the angle and the width of stripes, and a shape upon them; place,
 * size, contrast, brightness and noise differ between images. The same numbers make the same files.
 *
 *     node scripts/assets/make-imagenet-like.mjs FOLDER [--images 50000] [--validation 2000] [--classes 100] [--seed 0]
 *
 * Sides are 300 to 600 pixels. 50,000 images take about 3 GB. A stopped script goes on. A folder that was made with other
 * options is refused.
 */
import '../report-errors.mjs'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'
import sharp from 'sharp'
import { RandomStream } from '#dist/base/random.js'
import { inParallel } from '#dist/data/parallel.js'
import { keepSettings } from '../support/kept-settings.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const { values, positionals } = parseArgs({
  options: {
    images: { type: 'string', default: '50000' },
    validation: { type: 'string', default: '2000' },
    classes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '0' },
  },
  allowPositionals: true,
})
const [folder] = positionals
if (folder === undefined) throw new UserError('Expected a folder to write to but received none', 2)
const [images, validation, classes, seed] = [
  wholeOption(values, 'images'),
  wholeOption(values, 'validation'),
  wholeOption(values, 'classes'),
  wholeOption(values, 'seed', 0),
]
const SHAPES = ['circle', 'square', 'triangle', 'cross', 'ring']

/** A whole number from `low` to `high`. @type {(stream: RandomStream, low: number, high: number) => number} */
const between = (stream, low, high) => low + stream.integer(high - low + 1)

/** What the images of a class have in common. @param {number} label */
function lookOf(label) {
  const stream = RandomStream.named(seed, `class ${label}`)
  const hue = between(stream, 0, 359)
  return {
    hue,
    other: (hue + between(stream, 60, 300)) % 360,
    angle: between(stream, 0, 11) * 15,
    width: between(stream, 8, 40),
    shape: SHAPES[label % SHAPES.length],
  }
}

/** Whether a point is in a shape of radius `r` around the origin. @type {Record<string, (x: number, y: number, r: number) => boolean>} */
const INSIDE = {
  circle: (x, y, r) => x * x + y * y <= r * r,
  square: (x, y, r) => Math.max(Math.abs(x), Math.abs(y)) <= r,
  triangle: (x, y, r) => Math.abs(y) <= r && 2 * Math.abs(x) <= y + r,
  cross: (x, y, r) => Math.max(Math.abs(x), Math.abs(y)) <= r && 4 * Math.min(Math.abs(x), Math.abs(y)) <= r,
  ring: (x, y, r) => x * x + y * y <= r * r && 9 * (x * x + y * y) >= 4 * r * r,
}

/** Red, green and blue, 0 to 255. @type {(hue: number, saturation: number, lightness: number) => number[]} */
function rgb(hue, saturation, lightness) {
  const chroma = saturation * Math.min(lightness, 1 - lightness)
  return [0, 8, 4].map((n) => {
    const k = (((n + hue / 30) % 12) + 12) % 12
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  })
}

// Noise of neighbouring pixels, as photographs have it: without, JPEGs would be a tenth as large.
const NOISE = 2 ** 21
const noise = new Int8Array(NOISE)
let state = seed
for (let i = 0; i < NOISE; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  noise[i] = (((state >>> 24) * 24) >> 8) - 12
}

/** Writes one image. @param {'train' | 'val'} split @param {number} index */
async function make(split, index) {
  const label = index % classes
  const name = `n${String(label).padStart(8, '0')}`
  const file = join(/** @type {string} */ (folder), split, name, `${name}_${index}.JPEG`)
  if (existsSync(file)) return
  const stream = RandomStream.named(seed, `${split} ${index}`)
  const { hue, other, angle, width, shape } = lookOf(label)
  const [w, h] = [between(stream, 300, 600), between(stream, 300, 600)]
  const colour = (/** @type {number} */ base) =>
    rgb(base + between(stream, -12, 12), between(stream, 45, 85) / 100, between(stream, 35, 65) / 100)
  const stripes = [colour(hue), colour(other)]
  const upon = colour(other + 120)
  const r = between(stream, 40, 110)
  const [left, top] = [between(stream, r, w - r), between(stream, r, h - r)]
  const turned = ((angle + between(stream, -6, 6)) * Math.PI) / 180
  const stripe = Math.round(width * (0.8 + 0.4 * stream.uniform()))
  const [across, down] = [Math.cos(turned) / stripe, Math.sin(turned) / stripe]
  const inside = INSIDE[shape]
  const pixels = new Uint8ClampedArray(3 * w * h)
  let grain = stream.integer(NOISE)
  for (let y = 0, at = 0; y < h; y++) {
    const besideShape = Math.abs(y - top) > r
    for (let x = 0; x < w; x++, at += 3) {
      const within = !besideShape && inside(x - left, y - top, r)
      // Angles reach 171 degrees, so that the first term may be negative.
      const [red, green, blue] = within ? upon : stripes[(x * across + y * down + 1024) & 1]
      pixels[at] = red + noise[grain++ % NOISE]
      pixels[at + 1] = green + noise[grain++ % NOISE]
      pixels[at + 2] = blue + noise[grain++ % NOISE]
    }
  }
  const jpeg = await sharp(pixels, { raw: { width: w, height: h, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer()
  writeFileSync(`${file}.tmp`, jpeg)
  renameSync(`${file}.tmp`, file)
}

sharp.concurrency(1)
await keepSettings(folder, { images, validation, classes, seed })
for (const [split, count] of /** @type {const} */ ([
  ['train', images],
  ['val', validation],
])) {
  for (let label = 0; label < classes; label++) {
    mkdirSync(join(folder, split, `n${String(label).padStart(8, '0')}`), { recursive: true })
  }
  await inParallel(count, availableParallelism(), (index) => make(split, index))
}
process.stdout.write(`${images} images to train and ${validation} to validate in ${folder}\n`)
