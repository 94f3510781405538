#!/usr/bin/env node
/**
 * Cuts assets/fashion-mnist (or OUT) out of the full Fashion-MNIST data set: the first training images and all test
 * images, as IDX files compressed as well as zlib can. The result is the same on every run.
 *
 *     node scripts/assets/make-embedded-data.mjs [FOLDER] [TRAINING IMAGES] [OUT]
 *
 * FOLDER holds the four official .gz files; the Debian package dataset-fashion-mnist installs them where the default
 * points.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'

const [
  source = '/usr/share/datasets/fashion-mnist',
  trainCount = '6000',
  target = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url)),
] = process.argv.slice(2)
if (!existsSync(source)) fail(`Expected a folder of Fashion-MNIST's four files but received ${source}`)
if (!/^[1-9]\d*$/.test(trainCount)) fail(`Expected a number of training images but received ${trainCount}`)

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

/**
 * The first `count` items of an IDX file: the first extent is rewritten, the rest of the header stays.
 *
 * @param {Buffer} idx
 * @param {number} count
 */
function first(idx, count) {
  const rank = idx[3]
  const header = Buffer.from(idx.subarray(0, 4 + 4 * rank))
  const available = header.readUInt32BE(4)
  const taken = Math.min(count, available)
  header.writeUInt32BE(taken, 4)
  const itemBytes = (idx.length - header.length) / available
  return Buffer.concat([header, idx.subarray(header.length, header.length + taken * itemBytes)])
}

mkdirSync(target, { recursive: true })
for (const [prefix, count] of Object.entries({ train: Number(trainCount), t10k: Number.POSITIVE_INFINITY })) {
  for (const kind of ['images-idx3-ubyte', 'labels-idx1-ubyte']) {
    const name = `${prefix}-${kind}.gz`
    const bytes = gzipSync(first(gunzipSync(readFileSync(join(source, name))), count), { level: 9, memLevel: 9 })
    writeFileSync(join(target, `${name}.tmp`), bytes)
    renameSync(join(target, `${name}.tmp`), join(target, name))
    console.log(`${name}  ${bytes.length} bytes`)
  }
}
