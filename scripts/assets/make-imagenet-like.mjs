#!/usr/bin/env node
/**
 * Makes JPEGs that resemble ImageNet in size and layout, and that can be learned: `train/CLASS/IMAGE.JPEG` and
 * `val/CLASS/IMAGE.JPEG`. A class is a pair of colours, the angle and the width of stripes, and a shape upon them; place,
 * size, contrast, brightness and noise differ between images. The same numbers make the same files.
 *
 *     node scripts/assets/make-imagenet-like.mjs FOLDER [--images 50000] [--validation 2000] [--classes 100] [--seed 0]
 *
 * Sides are 300 to 600 pixels. 50,000 images take about 3 GB.
 */
import '../report-errors.mjs'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { RandomStream } from '#dist/base/random.js'
import { inParallel } from '#dist/data/parallel.js'

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
if (folder === undefined) throw new Error('Expected a folder to write to but received none')
const [images, validation, classes, seed] = ['images', 'validation', 'classes', 'seed'].map((name) =>
  Number(values[/** @type {keyof typeof values} */ (name)]),
)
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

/** @param {string} shape @param {number} x @param {number} y @param {number} r @param {string} fill */
function drawShape(shape, x, y, r, fill) {
  switch (shape) {
    case 'circle':
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`
    case 'square':
      return `<rect x="${x - r}" y="${y - r}" width="${2 * r}" height="${2 * r}" fill="${fill}"/>`
    case 'triangle':
      return `<polygon points="${x},${y - r} ${x + r},${y + r} ${x - r},${y + r}" fill="${fill}"/>`
    case 'cross':
      return `<path d="M${x - r},${y}H${x + r}M${x},${y - r}V${y + r}" stroke="${fill}" stroke-width="${r / 2}"/>`
    default:
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="none" stroke="${fill}" stroke-width="${r / 3}"/>`
  }
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
    `hsl(${base + between(stream, -12, 12)},${between(stream, 45, 85)}%,${between(stream, 35, 65)}%)`
  const stripe = Math.round(width * (0.8 + 0.4 * stream.uniform()))
  const r = between(stream, 40, 110)
  const [x, y] = [between(stream, r, w - r), between(stream, r, h - r)]
  const turned = angle + between(stream, -6, 6)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}"><defs><pattern id="p" width="${2 * stripe}" height="${2 * stripe}" patternUnits="userSpaceOnUse" patternTransform="rotate(${turned})"><rect width="${2 * stripe}" height="${2 * stripe}" fill="${colour(hue)}"/><rect width="${stripe}" height="${2 * stripe}" fill="${colour(other)}"/></pattern></defs><rect width="${w}" height="${h}" fill="url(#p)"/>${drawShape(shape, x, y, r, colour(other + 120))}</svg>`
  const { data } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  // Noise of neighbouring pixels, as photographs have it: without, JPEGs would be a tenth as large.
  let state = stream.integer(2 ** 32)
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = Math.max(0, Math.min(255, data[i] + (((state >>> 24) * 24) >> 8) - 12))
  }
  const jpeg = await sharp(data, { raw: { width: w, height: h, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer()
  writeFileSync(file, jpeg)
}

sharp.concurrency(1)
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
