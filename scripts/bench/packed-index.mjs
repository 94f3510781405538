#!/usr/bin/env node
/**
 * Measures how long a packed file of many images takes to open, and how much memory its index takes: in JavaScript, and
 * with a stream of the addon upon it. The images are holes of a sparse file.
 *
 *     node --expose-gc scripts/bench/packed-index.mjs [--images 10000000] [--folder FOLDER]
 */
import '../report-errors.mjs'
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { ensureNative, ImageStream, listEncoded, UserError } from 'pada-native'
import { decoderNames, jpegDecoder } from '#dist/data/stream/decoders.js'
import { ENTRY_BYTES, encodeEntry, encodeHeader, HEADER_BYTES } from '#dist/data/stream/packed-layout.js'
import { run, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '10000000' },
    folder: { type: 'string', default: tmpdir() },
    make: { type: 'string' },
  },
})
const count = wholeOption(values, 'images')
const BYTES_PER_IMAGE = 110_000
const CLASSES = 1000

/** Writes the file. Digests of images and of the table are left 0: opening compares neither. @param {string} file */
function make(file) {
  const images = count * BYTES_PER_IMAGE
  const descriptor = openSync(file, 'w')
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES)
  const labelBytes = Buffer.from(labels.buffer)
  const about = Buffer.from(JSON.stringify({ classes: Array.from({ length: CLASSES }, (_, i) => `class${i}`) }))
  const places = { labels: HEADER_BYTES + images, entries: 0, about: 0, end: 0 }
  places.entries = places.labels + labelBytes.length
  places.about = places.entries + count * ENTRY_BYTES
  places.end = places.about + about.length
  ftruncateSync(descriptor, places.end)
  const checksum = crc32(about, crc32(labelBytes))
  writeSync(descriptor, encodeHeader({ count, ...places, digest: 0n, checksum }), 0, HEADER_BYTES, 0)
  writeSync(descriptor, labelBytes, 0, labelBytes.length, places.labels)
  const rows = 2 ** 16
  const part = Buffer.alloc(rows * ENTRY_BYTES)
  for (let first = 0; first < count; first += rows) {
    const taken = Math.min(rows, count - first)
    for (let i = 0; i < taken; i++) {
      const image = { digest: 0n, length: BYTES_PER_IMAGE, width: 500, height: 375 }
      const place = { offset: HEADER_BYTES + (first + i) * BYTES_PER_IMAGE, label: labels[first + i], key: first + i }
      encodeEntry({ ...image, ...place }, part, i * ENTRY_BYTES)
    }
    writeSync(descriptor, part, 0, taken * ENTRY_BYTES, places.entries + first * ENTRY_BYTES)
  }
  writeSync(descriptor, about, 0, about.length, places.about)
  closeSync(descriptor)
}

/** Resident memory of this process in MB, after a collection of garbage. */
function memory() {
  globalThis.gc?.()
  const [, pages] = readFileSync('/proc/self/statm', 'utf8').split(' ').map(Number)
  return (pages * 4096) / 1e6
}

if (values.make !== undefined) {
  make(values.make)
  process.exit()
}
await ensureNative({ log: console.error })
const file = join(temporaryFolder('pada-index-', values.folder), 'train.pada')
// By another process, so that its memory does not count.
const making = [process.argv[1], '--images', values.images, '--make', file]
const { code } = await run(process.execPath, making, { stdio: 'inherit' })
if (code !== 0) throw new UserError(`Expected a packed file in ${values.folder} but its process ended with ${code}`)
const decoders = await decoderNames()
// The addon and libtorch are there before.
jpegDecoder()
const before = memory()
let start = performance.now()
const split = await listEncoded(file)
const opened = performance.now() - start
const listed = memory()
start = performance.now()
const stream = new ImageStream({
  ...{ files: split.files, labels: split.labels, size: 224, interpolation: 'bilinear' },
  ...{ replaceDamaged: false, threads: 1, mostKept: 0, ahead: 1, mean: [0, 0, 0], std: [1, 1, 1], ...decoders },
})
const streamed = performance.now() - start
console.log(`${count} images: listed in ${opened.toFixed(0)} ms, ${(listed - before).toFixed(0)} MB`)
console.log(`a stream on them: ${streamed.toFixed(0)} ms more, ${(memory() - listed).toFixed(0)} MB more`)
stream.dispose()
