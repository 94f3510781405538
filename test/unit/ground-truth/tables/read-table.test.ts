import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadGroundTruth } from '../../../../src/ground-truth/load-ground-truth.js'
import { readTable } from '../../../../src/ground-truth/tables/read-table.js'
import { enumeratePaths, nasBench1Shot1, nasBench201 } from '../../../../src/spaces/index.js'

const space = nasBench201()
const ARCHS = Array.from(enumeratePaths(space), space.encode).slice(0, 6000)
/** A table that is large enough to be kept. */
const TEXT = `arch,accuracy,note\n${ARCHS.map((arch, i) => `${arch},${i / 100},${i % 2 ? i : 'none'}`).join('\n')}\n`

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'read-table-'))
  vi.stubEnv('PADA_CACHE', join(root, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, { recursive: true })
})

function write(content: string | Uint8Array, name = 'table.csv'): string {
  const file = join(root, name)
  writeFileSync(file, content)
  return file
}

function keptFiles(): string[] {
  const folder = join(root, 'cache', 'tables')
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

describe('readTable', () => {
  it('reads a kept table as it reads the file', async () => {
    const file = write(TEXT)
    const first = await readTable(file)
    const second = await readTable(file)
    expect([first.kept, second.kept]).toEqual([false, true])
    for (const table of [first, second]) {
      expect(table.format).toBe('CSV')
      expect(table.keyedBy).toBe('arch')
      expect(table.columns).toEqual(['accuracy', 'note'])
      expect(table.defaultColumn).toBe('accuracy')
      expect(table.keys).toEqual(ARCHS)
      expect(Array.from(table.values('accuracy'))).toEqual(ARCHS.map((_, i) => i / 100))
      expect(Array.from(table.values('note').subarray(0, 4))).toEqual([Number.NaN, 1, Number.NaN, 3])
    }
    expect(keptFiles()).toHaveLength(1)
  })

  it.each([
    ['table.csv', `arch,cifar10_test,accuracy\n${ARCHS.map((arch) => `${arch},80,90`).join('\n')}\n`, 'accuracy'],
    [
      'table.json',
      JSON.stringify(Object.fromEntries(ARCHS.map((arch) => [arch, { mean_acc: 80, test_accuracy: 90 }]))),
      'mean_acc',
    ],
  ])('keeps the default column of %s', async (name, text, column) => {
    const file = write(text, name)
    const tables = [await readTable(file), await readTable(file)]
    expect(tables.map(({ kept }) => kept)).toEqual([false, true])
    expect(tables.map(({ defaultColumn }) => defaultColumn)).toEqual([column, column])
  })

  it('keeps no small tables, and none that cannot be read', async () => {
    await readTable(write('arch,accuracy\na,1\n'))
    await expect(readTable(join(root, 'none.csv'))).rejects.toThrow(
      /^Expected a readable table .*none\.csv: no such file$/,
    )
    await expect(readTable(write(TEXT.replace('5.99', '5.99,1')))).rejects.toThrow(/^Expected well-formed CSV/)
    expect(keptFiles()).toEqual([])
  })

  it('reads a changed file anew, even of the same size and time', async () => {
    const file = write(TEXT)
    const { atime, mtime } = statSync(file)
    await readTable(file)
    write(TEXT.replace(',5.99,', ',9.95,'))
    utimesSync(file, atime, mtime)
    const table = await readTable(file)
    expect(table.kept).toBe(false)
    expect(table.values('accuracy')[599]).toBe(9.95)
  })

  it('refuses CSV that names two columns alike', async () => {
    const twice = write('arch,accuracy,accuracy\n0,1,2\n', 'twice.csv')
    await expect(readTable(twice)).rejects.toThrow(
      /^Expected one column "accuracy" in .*twice.csv but received several$/,
    )
  })

  it('takes a kept table for a copy elsewhere, but not for another format', async () => {
    await readTable(write(TEXT))
    expect((await readTable(write(TEXT, 'copy.csv'))).kept).toBe(true)
    const sparse = await readTable(write('{"a": {"other": 1}, "b": {"accuracy": 0.5, "other": 2}}', 'sparse.json'))
    expect(sparse.columns).toEqual(['other', 'accuracy'])
    expect([...sparse.values('accuracy')]).toEqual([Number.NaN, 0.5])
    await expect(readTable(write(TEXT, 'copy.json'))).rejects.toThrow(/^Expected well-formed JSON/)
    for (const other of ['{}', '{"name": "a", "version": "1.0"}', '{"scripts": {"test": "vitest"}, "type": 3}']) {
      await expect(readTable(write(other, 'other.json'))).rejects.toThrow(
        /^Expected an object with its accuracies for each architecture but received /,
      )
    }
  })

  it.each<[string, (file: string) => void]>([
    ['cut', (file) => truncateSync(file, statSync(file).size - 1)],
    ['cut to nothing', (file) => truncateSync(file, 0)],
    ['longer', (file) => appendFileSync(file, 'x')],
    [
      'changed by a bit',
      (file) => {
        const bytes = readFileSync(file)
        bytes[bytes.length >> 1] ^= 1
        writeFileSync(file, bytes)
      },
    ],
  ])('counts a kept table as absent that is %s', async (_, damage) => {
    const file = write(TEXT)
    await readTable(file)
    damage(keptFiles()[0])
    const table = await readTable(file)
    expect(table.kept).toBe(false)
    expect(table.values('accuracy')[599]).toBe(5.99)
    expect((await readTable(file)).kept).toBe(true)
  })

  it('does without where nothing can be kept, and warns once', async () => {
    writeFileSync(join(root, 'cache'), 'a file')
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const file = write(TEXT)
    for (let i = 0; i < 2; i++) expect((await readTable(file)).keys).toHaveLength(ARCHS.length)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^Tables that were read are not kept for the next run: /))
  })

  it('keeps hashes', async () => {
    const hash = (i: number) => (i * 2654435761).toString(16).padStart(32, '0')
    const rows = Array.from({ length: 20_000 }, (_, i) => `${hash(i)},${i / 20_000}`)
    const file = write(gzipSync(`hash,test_accuracy\n${rows.join('\n')}\n`, { level: 0 }), 'hashes.csv.gz')
    const tables = [await readTable(file), await readTable(file)]
    expect(tables.map(({ kept }) => kept)).toEqual([false, true])
    for (const table of tables) expect(table.keys.slice(0, 3)).toEqual([0, 1, 2].map(hash))
    expect(tables[1].hashes?.()).toEqual(tables[0].hashes?.())
    expect(await loadGroundTruth(file, nasBench1Shot1('nasbench1shot1-1'))).toMatchObject({ size: 20_000 })
  })

  it('keeps a folder until one of its files changes', async () => {
    const simple = new URL('../../../fixtures/tables/NATS-tss-simple/', import.meta.url)
    const folder = join(root, 'simple')
    mkdirSync(folder)
    const one = readFileSync(new URL('000001.pickle.pbz2', simple))
    for (let i = 0; i < 50; i++) writeFileSync(join(folder, `${String(i).padStart(6, '0')}.pickle.pbz2`), one)
    expect((await readTable(folder)).kept).toBe(false)
    expect((await readTable(folder)).kept).toBe(true)
    writeFileSync(join(folder, '000007.pickle.pbz2'), readFileSync(new URL('000002.pickle.pbz2', simple)))
    const changed = await readTable(folder)
    expect(changed.kept).toBe(false)
    expect(changed.keys[7]).not.toBe(changed.keys[6])
  })
})

describe('loadGroundTruth of a kept table', () => {
  it('gives the same accuracies', async () => {
    const file = write(TEXT)
    const truths = [await loadGroundTruth(file, space), await loadGroundTruth(file, space)]
    expect(keptFiles()).toHaveLength(1)
    expect(truths[1].paths).toEqual(truths[0].paths)
    expect(truths[1].best).toEqual(truths[0].best)
    expect(truths[1].paths.map(truths[1].accuracy)).toEqual(ARCHS.map((_, i) => i / 100))
  })

  it('tells missing numbers from mistakes, as in the file', async () => {
    const rows = TEXT.split('\n')
    const changed = (text: string) => rows.with(5, rows[5].replace(/,[^,]*(,[^,]*)$/, `,${text}$1`)).join('\n')
    const missing = write(changed('nan'))
    for (const _ of ['first', 'kept']) expect((await loadGroundTruth(missing, space)).source?.leftOut).toBe(1)
    const wrong = write(changed('9O.1'))
    for (const _ of ['first', 'kept']) await expect(loadGroundTruth(wrong, space)).rejects.toThrow('received "9O.1"')
  })

  it('names the text and the line of what is wrong, as the file has them', async () => {
    const file = write(TEXT)
    const message = () => loadGroundTruth(file, space, { column: 'note' }).catch((error: Error) => error.message)
    const first = await message()
    expect(first).toBe(`Expected a number in 0…100 for "note" but received "none" (${file}, line 2)`)
    expect(keptFiles()).toHaveLength(1)
    expect(await message()).toBe(first)
  })
})
