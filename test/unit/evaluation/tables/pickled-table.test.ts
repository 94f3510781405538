import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/errors.js'
import { loadGroundTruth } from '../../../../src/evaluation/ground-truth.js'
import { openTable } from '../../../../src/evaluation/tables/open-table.js'
import { nasBench201, type Path } from '../../../../src/spaces/index.js'

const space = nasBench201()
const fixture = (name: string) => fileURLToPath(new URL(`../../../fixtures/tables/${name}`, import.meta.url))
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickled-table-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A table's accuracies as [path, accuracy]. */
async function read(name: string, column?: string): Promise<[Path, number][]> {
  const truth = await loadGroundTruth(fixture(name), space, { column })
  return truth.paths.map((path) => [path, truth.accuracy(path)!])
}

/** An .npy file of an object that this pickle, in latin1, makes. */
function npy(pickle: string, type = '|O'): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (), }`.padEnd(117)
  return Buffer.from(`\x93NUMPY\x01\0\x76\0${header}\n${pickle}`, 'latin1')
}

async function refusal(content: Uint8Array, name = 'table.npy'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  const error = await loadGroundTruth(file, space).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).message.replaceAll(`${folder}/`, '')
}

describe("the dictionary of PA&DA's release", () => {
  const values = expected.dictionary as [number[], number, number][]

  it('has the accuracies that NumPy wrote, by operation indices', async () => {
    expect(await read('nasbench201_dict.npy')).toEqual(values.map(([path, test]) => [path, test]))
    expect(await read('nasbench201_dict.npy', 'imagenet16_valid')).toEqual(
      values.map(([path, , valid]) => [path, valid]),
    )
  })

  it('is read where operations and accuracies are values of NumPy', async () => {
    expect(await read('nasbench201_scalars.npy')).toEqual(values.map(([path, test]) => [path, test]))
  })

  it('lists its columns, and names them where one is missing', async () => {
    const { format, columns, defaultColumn } = await openTable(fixture('nasbench201_dict.npy'))
    expect(format).toBe('NumPy dictionary')
    expect(defaultColumn).toBe('cifar10_test')
    const sets = ['cifar10', 'cifar100', 'imagenet16'].flatMap((data) =>
      ['train', 'valid', 'test'].map((split) => `${data}_${split}`),
    )
    expect(columns).toEqual(sets)
    await expect(loadGroundTruth(fixture('nasbench201_dict.npy'), space, { column: 'acc' })).rejects.toThrow(
      /^Expected a column "acc" in .*nasbench201_dict\.npy but received cifar10_train, /,
    )
  })

  it.each([
    ['a call of a system function', 'cposix\nsystem\n.', 'the pickle global posix.system'],
    ['a class of another package', 'cpandas.core.frame\nDataFrame\n.', 'the pickle global pandas.core.frame.DataFrame'],
    ['a list', '].', 'something other than a dictionary'],
    ['a truncated pickle', '}(K\x01', 'a truncated pickle'],
    ['an entry that is a list', '}K\x01]s.', 'something else for 1'],
    ['an empty dictionary', '}.', 'received none'],
  ])('refuses %s', async (_, pickle, part) => {
    const message = await refusal(npy(pickle))
    expect(message).toMatch(/^Expected .*table\.npy but received /)
    expect(message).toContain(part)
  })

  it('refuses plain arrays, architectures of other spaces, repeated ones and missing values', async () => {
    expect(await refusal(npy('12345678', '<f8'))).toBe(
      'Expected a pickled table of accuracies for table.npy but received an array of numbers',
    )
    // {"0": {"operation": [3, 3], "cifar10_test": 9}}
    const entry = (operations: string, more = 'X\x0c\0\0\0cifar10_testK\x09') =>
      `}(X\x09\0\0\0operation](${operations}e${more}u`
    const table = (...entries: string[]) => npy(`}(${entries.map((one, i) => `X\x01\0\0\0${i}${one}`).join('')}u.`)
    expect(await refusal(table(entry('K\x03K\x03')))).toBe(
      'Expected 6 numbers for a path of nasbench201 but received 2: 3,3 (table.npy, entry 1)',
    )
    const all = 'K\x03'.repeat(6)
    expect(await refusal(table(entry(all), entry(all)))).toBe(
      'Expected each architecture once in table.npy but received 3,3,3,3,3,3 again on entry 2',
    )
    expect(await refusal(table(entry(all), entry('K\x02'.repeat(6), '')))).toBe(
      'Expected a number in 0…100 for "cifar10_test" but received "" (table.npy, entry 2)',
    )
  })
})
