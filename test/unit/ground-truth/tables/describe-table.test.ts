import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bestRows, coverage, summarise } from '../../../../src/ground-truth/tables/describe-table.js'
import { openTable } from '../../../../src/ground-truth/tables/open-table.js'
import { writeTable } from '../../../../src/ground-truth/tables/write-table.js'
import { darts, nasBench201 } from '../../../../src/spaces/index.js'

const space = nasBench201()
const TEXT = `arch,a,"b, c",note\n"0,0,0,0,0,0",1,5,x\n"1,1,1,1,1,1",3,,y\n${space.encode([1, 1, 1, 1, 1, 1])},2,7,z\nother,3,6,\n`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'describe-table-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(text: string, name = 'table.csv'): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const hashes = `hash,accuracy\n${'0'.repeat(32)},0.9\n`

describe('a table', () => {
  it('has columns with a range, of the rows that have a number', async () => {
    expect(summarise(await openTable(write(TEXT)))).toEqual([
      { column: 'a', count: 4, min: 1, mean: 2.25, max: 3 },
      { column: 'b, c', count: 3, min: 5, mean: 6, max: 7 },
      { column: 'note', count: 0, min: null, mean: null, max: null },
    ])
  })

  it('has best rows: the first of equals, and none without a number', async () => {
    const table = await openTable(write(TEXT))
    expect(bestRows(table, 'a', 2)).toEqual([
      { key: '1,1,1,1,1,1', value: 3 },
      { key: 'other', value: 3 },
    ])
    expect(bestRows(table, 'b, c', 10).map(({ value }) => value)).toEqual([7, 6, 5])
    expect(() => bestRows(table, 'd', 1)).toThrow(/^Expected a column "d" in .* but received arch, a, b, c, note$/)
  })

  it('covers the architectures of a space once, in whatever notation', async () => {
    const file = write(TEXT)
    expect(coverage(await openTable(file), space, 'a', file)).toBe(2)
    const byHash = write(hashes, 'hashes.csv')
    const table = await openTable(byHash)
    expect(() => coverage(table, darts(), 'accuracy', byHash)).toThrow(
      /^Expected a column "arch" in .* received hashes/,
    )
  })

  it('is written as CSV and JSON that read as the same table', async () => {
    const table = await openTable(write(TEXT))
    for (const name of ['out.csv', 'out.json', 'OUT.JSON']) {
      await writeTable(join(folder, name), table)
      const read = await openTable(join(folder, name))
      expect(read.keys).toEqual(table.keys)
      for (const column of ['a', 'b, c']) expect(read.values(column)).toEqual(table.values(column))
    }
    expect(readFileSync(join(folder, 'out.csv'), 'utf8').split('\n')[1]).toBe('"0,0,0,0,0,0",1,5,')
  })

  it('is not written as another format, nor hashes as JSON', async () => {
    const table = await openTable(write(hashes))
    await expect(writeTable('out.txt', table)).rejects.toThrow(/^Expected a name that ends in \.csv or \.json but/)
    await expect(writeTable('out.json', table)).rejects.toThrow(/^Expected a name that ends in \.csv for hashes but/)
    await writeTable(join(folder, 'out.csv'), table)
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe(hashes)
  })
})
