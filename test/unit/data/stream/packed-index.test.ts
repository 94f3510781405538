import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import { listEncoded } from '../../../../src/data/stream/list-encoded.js'
import { ENTRY_BYTES, encodeHeader, HEADER_BYTES } from '../../../../src/data/stream/packed-layout.js'
import { temporaryFolder } from '../../../support/folders.js'

const COUNT = 500_000
const IMAGES = 2 ** 33

/** A packed file whose images and table are holes of 8 GB and 16 MB. */
function sparse(): string {
  const file = join(temporaryFolder(), 'train.pada')
  const labels = Buffer.from(Int32Array.from({ length: COUNT }, (_, i) => i % 7).buffer)
  const about = Buffer.from(JSON.stringify({ classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }))
  const begin = HEADER_BYTES + IMAGES
  const entries = begin + labels.length
  const places = { labels: begin, entries, about: entries + COUNT * ENTRY_BYTES }
  const end = places.about + about.length
  const descriptor = openSync(file, 'w')
  ftruncateSync(descriptor, end)
  const header = { count: COUNT, ...places, end, digest: 0n, checksum: crc32(about, crc32(labels)) }
  writeSync(descriptor, encodeHeader(header), 0, HEADER_BYTES, 0)
  writeSync(descriptor, labels, 0, labels.length, places.labels)
  writeSync(descriptor, about, 0, about.length, places.about)
  closeSync(descriptor)
  return file
}

it('the index of a packed file is in memory with its labels only', async () => {
  const file = sparse()
  const before = process.memoryUsage().arrayBuffers
  const { files, labels } = await listEncoded(file)
  const kept = process.memoryUsage().arrayBuffers - before
  expect(labels).toHaveLength(COUNT)
  expect(labels[COUNT - 1]).toBe((COUNT - 1) % 7)
  expect(files).toEqual({ kind: 'packed', file, entries: HEADER_BYTES + IMAGES + 4 * COUNT, count: COUNT })
  // Less, if the collector has freed what wrote the file.
  expect(kept).toBeLessThan(4.2 * COUNT)
})
