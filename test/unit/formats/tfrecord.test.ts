import { expect, it } from 'vitest'
import { crc32c } from '../../../src/formats/crc32c.js'
import { isTfRecord, tfRecords } from '../../../src/formats/tfrecord.js'
import { framed } from '../../support/tfrecord.js'

it('computes the checksums of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
  expect(
    crc32c(
      Uint8Array.from({ length: 34 }, (_, i) => i - 1),
      1,
      33,
    ),
  ).toBe(0x46dd794e)
})

/** Bytes in parts of `size`. */
function parts(bytes: Buffer, size: number) {
  let at = -size
  return () => {
    at += size
    return at < bytes.length ? bytes.subarray(at, at + size) : undefined
  }
}

const RECORDS = ['', 'one', 'x'.repeat(100)]
const whole = Buffer.concat(RECORDS.map((record) => framed(record)))

it('reads records across the borders of parts', () => {
  for (const size of [1, 7, 12, 1000]) {
    expect(Array.from(tfRecords(parts(whole, size), 'FILE'), String)).toEqual(RECORDS)
  }
  expect([isTfRecord(whole), isTfRecord(whole.subarray(1)), isTfRecord(whole.subarray(0, 11))]).toEqual([
    true,
    false,
    false,
  ])
})

it('refuses every cut and every changed byte', () => {
  const read = (bytes: Buffer) => Array.from(tfRecords(parts(bytes, 50), 'FILE'), String)
  const ends = new Set([0, 16, 35])
  for (let end = 0; end < whole.length; end++) {
    if (ends.has(end)) expect(read(whole.subarray(0, end)).length).toBeLessThan(3)
    else expect(() => read(whole.subarray(0, end))).toThrow(/^Expected a whole record for FILE but received a part of/)
  }
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed[at] ^= 4
    expect(() => read(changed)).toThrow(/^Expected (a record and its checksum|the recorded checksum) for/)
  }
})
