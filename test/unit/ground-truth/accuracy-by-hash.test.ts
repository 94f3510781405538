import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AccuracyByHash } from '../../../src/ground-truth/accuracy-by-hash.js'
import { openTable } from '../../../src/ground-truth/tables/open-table.js'
import { isHashTable } from '../../../src/ground-truth/tables/table.js'
import { refusal } from '../../support/refusal.js'

const hash = (i: number) => i.toString(16).padStart(32, '0')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accuracy-by-hash-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function table(content: string | Uint8Array, name = 'table.csv'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

async function load(file: string, column?: string): Promise<AccuracyByHash> {
  const opened = await openTable(file)
  if (!isHashTable(opened)) throw new Error('Expected a table of hashes')
  return new AccuracyByHash(opened, file, column)
}

async function complaint(content: string | Uint8Array, name?: string): Promise<string> {
  return (await refusal(load(await table(content, name)))).message.replaceAll(`${folder}/`, '')
}

describe('AccuracyByHash', () => {
  it('reads hashes and accuracies, with or without a last line break', async () => {
    for (const end of ['', '\n']) {
      const file = await table(`hash,test_accuracy\n${hash(2)},0.921174\n${hash(1)},1${end}`)
      const read = await load(file)
      expect(read.size).toBe(2)
      expect([2, 1, 0].map((i) => read.get(hash(i)))).toEqual([0.921174, 1, undefined])
      expect([2, 1, 0].map((i) => read.has(hash(i)))).toEqual([true, true, false])
      expect(read.get(hash(2).toUpperCase().slice(1))).toBeUndefined()
    }
  })

  it('reads a column by name, comments, blank lines, a byte order mark, carriage returns and gzip', async () => {
    const text = `\uFEFF# nasbench, only 108\r\nvalid,hash\r\n\r\n0.5,${hash(7)}\r\n# end\r\n`
    const file = await table(gzipSync(text), 'table.csv.gz')
    expect((await load(file, 'valid')).get(hash(7))).toBe(0.5)
  })

  it('tells hashes apart that have most of their digits in common', async () => {
    const hashes = Array.from({ length: 20_000 }, (_, i) => {
      const digits = i.toString(16).padStart(8, '0')
      return [`${'0'.repeat(24)}${digits}`, `${digits}${'f'.repeat(24)}`][i % 2]
    })
    const text = `hash,test_accuracy\n${hashes.map((key, i) => `${key},${i / 20_000}`).join('\n')}\n`
    for (const file of [await table(text), await table(gzipSync(text), 'large.csv.gz')]) {
      const read = await load(file)
      expect(hashes.map((key) => read.get(key))).toEqual(hashes.map((_, i) => i / 20_000))
      expect(read.get(`${'0'.repeat(24)}${'f'.repeat(8)}`)).toBeUndefined()
    }
  })

  it('names a missing column', async () => {
    expect(await complaint(`hash,acc\n${hash(0)},0.5\n`)).toBe(
      'Expected a column "test_accuracy" in table.csv but received hash, acc',
    )
  })

  it.each(['high', '-0.1', '93.6', 'Infinity'])('names the line of an accuracy "%s"', async (accuracy) => {
    expect(await complaint(`# comment\nhash,test_accuracy\n${hash(1)},0.9\n\n${hash(2)},${accuracy}\n`)).toBe(
      `Expected a number in 0…1 for "test_accuracy" but received "${accuracy}" (table.csv, line 5)`,
    )
  })

  it.each(['', 'hash', hash(1).slice(1), hash(0xa).toUpperCase()])('names the line of the hash "%s"', async (text) => {
    expect(await complaint(`hash,test_accuracy\n${text},0.9\n`)).toBe(
      `Expected 32 hexadecimal digits for "hash" but received "${text}" (table.csv, line 2)`,
    )
  })

  it('leaves out rows without a number', async () => {
    const read = await load(await table(`hash,test_accuracy\n${hash(1)},\n${hash(2)},0.9\n${hash(3)},NaN\n`))
    expect([read.size, read.leftOut]).toEqual([1, 2])
    expect([1, 2, 3].map((i) => read.get(hash(i)))).toEqual([undefined, 0.9, undefined])
    expect(await complaint(`hash,test_accuracy\n${hash(1)},\n`)).toBe(
      'Expected at least one number for "test_accuracy" but received none (table.csv)',
    )
  })

  it('names the line of a hash that occurs twice and of a short row', async () => {
    expect(await complaint(`hash,test_accuracy\n${hash(1)},0.9\n${hash(1)},0.8\n`)).toBe(
      `Expected each hash once but received ${hash(1)} again (table.csv, line 3)`,
    )
    // Lines that end differently.
    expect(await complaint(`hash,test_accuracy\r\n${hash(1)},0.9\n${hash(1)},0.8\n`)).toBe(
      `Expected each hash once but received ${hash(1)} again (table.csv, line 3)`,
    )
    expect(await complaint(`hash,test_accuracy\n${hash(1)}`)).toMatch(/^Expected well-formed CSV .* line 2$/)
  })

  it('refuses a table without rows, a missing file and a truncated one', async () => {
    expect(await complaint('hash,test_accuracy\n')).toBe(
      'Expected at least one architecture in table.csv but received none',
    )
    const half = gzipSync(`hash,test_accuracy\n${hash(1)},0.9\n`).subarray(0, 40)
    expect(await complaint(half, 'half.csv.gz')).toMatch(
      /^Expected a readable table for ground truth but received half\.csv\.gz: /,
    )
    await expect(load(join(folder, 'none.csv'))).rejects.toThrow(
      /^Expected a readable table .*none\.csv: no such file$/,
    )
  })
})
