import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { decompressBzip2, isBzip2 } from '../../../src/formats/bzip2.js'

/** What Python's `bz2.compress` makes, in base64. */
const HELLO = 'QlpoOTFBWSZTWctS5WcAAAVRAAAQQAQCRKAAISQxCGAvGETHFReLuSKcKEhlqXKzgA=='
const EMPTY = 'QlpoORdyRThQkAAAAAA='
/** Level 1 of 100,000 zeros, 500 times "ab", and 263 times "a". */
const RUNS = 'QlpoMTFBWSZTWUQPnaoAAMRRAMQABAAwAAAIIABQYAFKKbU4Qt2lEezL7tZRVdslV4Qs/F3JFOFCQRA+dqg='
/** Level 1 of 120,000 times "ab": three blocks. */
const BLOCKS =
  'QlpoMTFBWSZTWfFLiycAYaMBADAAIAAwgCkZQlBaoSguYoKyTKayA328+ADDRgIAYABAAGEAUjVCUFlCUFzFBWSZTWRf7rgoAJxkBADAAIAAwg' +
  'E1GKKhWKKhXF3JFOFCQ0ag+bQ='

const bytesOf = (base64: string) => Buffer.from(base64, 'base64')

/** Hands over `chunk` bytes at a time, as a file is read. */
function decompress(bytes: Buffer, chunk = bytes.length): Buffer {
  let at = 0
  const next = decompressBzip2(() => {
    if (at >= bytes.length) return undefined
    at += chunk
    return bytes.subarray(at - chunk, at)
  }, 'file.bz2')
  const parts: Buffer[] = []
  for (let part = next(); part !== undefined; part = next()) parts.push(part)
  return Buffer.concat(parts)
}

/** The text, or the message that refuses it. */
function outcomeOf(bytes: Buffer): string {
  try {
    return decompress(bytes).toString()
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return (error as Error).message
  }
}

describe('decompressBzip2', () => {
  it.each([1, 7, 1000])('reads what Python wrote, %d bytes at a time', (chunk) => {
    expect(decompress(bytesOf(HELLO), chunk).toString()).toBe('hello, hello, hello\n')
    const runs = Buffer.concat([Buffer.alloc(100_000), Buffer.from('ab'.repeat(500) + 'a'.repeat(263))])
    expect(decompress(bytesOf(RUNS), chunk).equals(runs)).toBe(true)
    expect(decompress(bytesOf(BLOCKS), chunk).toString()).toBe('ab'.repeat(120_000))
  })

  it('reads several streams as one, empty ones too', () => {
    expect(decompress(bytesOf(EMPTY))).toHaveLength(0)
    const streams = [HELLO, EMPTY, HELLO].map(bytesOf)
    expect(decompress(Buffer.concat(streams)).toString()).toBe('hello, hello, hello\n'.repeat(2))
  })

  it('reads a pickle of thousands of different numbers', () => {
    const file = new URL('../../fixtures/tables/NATS-tss.pickle.pbz2', import.meta.url)
    const digest = createHash('sha256')
      .update(decompress(readFileSync(file)))
      .digest('hex')
    // Of what Python's bz2.decompress makes of it.
    expect(digest).toBe('e582a77aad2f905ef87a16aebe1c0f797b33d7b7279b0dabe072db05087d5304')
  })

  it('is told by its first bytes', () => {
    expect(isBzip2(bytesOf(HELLO))).toBe(true)
    expect(isBzip2(Buffer.from('BZhang,accuracy'))).toBe(false)
  })

  it('refuses every cut, and every flipped bit that counts', () => {
    const whole = bytesOf(HELLO)
    for (let length = 1; length < whole.length; length++) {
      expect(outcomeOf(whole.subarray(0, length))).toBe('Expected bzip2 data in file.bz2 but received a truncated file')
    }
    let refused = 0
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const damaged = Buffer.from(whole)
      damaged[bit >> 3] ^= 0x80 >> (bit & 7)
      const outcome = outcomeOf(damaged)
      // The level may be larger, and codes that are not used may be others.
      if (outcome === 'hello, hello, hello\n') continue
      refused++
      expect(outcome).toMatch(/^Expected bzip2 data in file\.bz2 but received /)
    }
    expect(refused).toBeGreaterThan(6 * whole.length)
  })

  it('refuses what follows the last stream', () => {
    expect(outcomeOf(Buffer.concat([bytesOf(HELLO), Buffer.from('more')]))).toMatch(/received something else$/)
  })
})
