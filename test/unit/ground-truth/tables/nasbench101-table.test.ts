import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AccuracyByHash } from '../../../../src/ground-truth/accuracy-by-hash.js'
import { openTable } from '../../../../src/ground-truth/tables/open-table.js'
import { type HashTable, isHashTable } from '../../../../src/ground-truth/tables/table.js'
import { framed } from '../../../support/tfrecord.js'

const fixture = (name: string) => new URL(`../../../fixtures/tables/${name}`, import.meta.url).pathname

let file: string
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'pada-nasbench101-')), 'table')
})
afterEach(() => rmSync(join(file, '..'), { recursive: true }))

it('reads the means of the trainings of 108 epochs by hash', async () => {
  const expected: Record<string, Record<string, number>> = JSON.parse(
    readFileSync(fixture('nasbench101-expected.json'), 'utf8'),
  )
  const table = await openTable(fixture('nasbench101.tfrecord'))
  expect(table).toMatchObject({ keyedBy: 'hash', defaultColumn: 'test_accuracy', kept: false })
  expect([...table.keys].sort()).toEqual(Object.keys(expected).sort())
  for (const column of ['test_accuracy', 'validation_accuracy', 'train_accuracy']) {
    const values = table.values(column)
    for (const [row, hash] of table.keys.entries()) expect(values[row]).toBeCloseTo(expected[hash][column], 14)
  }
  expect(isHashTable(table)).toBe(true)
  const [hash, { test_accuracy }] = Object.entries(expected)[0]
  expect(new AccuracyByHash(table as HashTable, 'FILE').get(hash)).toBeCloseTo(test_accuracy, 14)
})

const HASH = '0123456789abcdef0123456789abcdef'
const record = (metrics: string, hash = HASH, epochs = 108) => JSON.stringify([hash, epochs, '', '', metrics])

it.each([
  ['no JSON', 'text', 'a record that is no JSON'],
  ['another list', '[1, 2]', 'a record without hash, epochs and metrics'],
  ['no list', '{}', 'a record without hash, epochs and metrics'],
  ['no evaluation', record(''), `a training of ${HASH} without its accuracies`],
  ['a truncated evaluation', record(Buffer.from([0x0a, 9, 0x29, 0]).toString('base64')), 'without its accuracies'],
  ['shorter trainings only', record('', HASH, 36), 'no training of 108 epochs'],
])('refuses %s', async (_, content, message) => {
  writeFileSync(file, framed(content))
  await expect(openTable(file)).rejects.toThrow(message)
})

it('refuses a key that is no hash', async () => {
  const doubles = [0x29, 0x21, 0x19].flatMap((tag) => [tag, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f])
  const metrics = (hash: string) => framed(record(Buffer.from([0x0a, 27, ...doubles]).toString('base64'), hash))
  writeFileSync(file, metrics(HASH))
  expect((await openTable(file)).values('test_accuracy')).toEqual(Float64Array.of(0.5))
  writeFileSync(file, metrics('no hash'))
  await expect(openTable(file)).rejects.toThrow(`Expected 32 hexadecimal digits for "hash" but received "no hash"`)
})

it.each(['<!DOCTYPE html>', 'version https://git-lfs.github.com/spec/v1', ''])('names %j', async (content) => {
  writeFileSync(file, content)
  await expect(openTable(file)).rejects.toThrow(/^Expected a table for .* but received (a web|a Git LFS|an empty)/)
})
