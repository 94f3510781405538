import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadGroundTruth } from '../../../../src/ground-truth/load-ground-truth.js'
import { dropCurves } from '../../../../src/ground-truth/tables/benchmark-layout.js'
import { openTable } from '../../../../src/ground-truth/tables/open-table.js'
import { nasBench201, type Path } from '../../../../src/spaces/index.js'
import { refusal } from '../../../support/refusal.js'

const space = nasBench201()
const fixture = (name: string) => fileURLToPath(new URL(`../../../fixtures/tables/${name}`, import.meta.url))
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'))

/** What Python's bz2.compress makes of a pickle of 4 million times None, in base64. */
const NONES = 'QlpoOTFBWSZTWVmuYvEAeo9EQJAAEAFAAAAIIABUM0AmqjGZWxUkM/KQIt9FSQ4u5IpwoSCzXMXi'

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

async function complaint(content: Uint8Array, name = 'table.npy'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return (await refusal(loadGroundTruth(file, space))).message.replaceAll(`${folder}/`, '')
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
    ['an empty list', '].', 'received none'],
    ['a number', 'K\x01.', 'something other than a dictionary or a list'],
    ['a list of numbers', '](K\x01K\x02e.', 'something else for entry 1'],
    ['a tuple without accuracies', '](X\x0b\0\0\x00,0,0,0,0,0\x85e.', 'something else for entry 1'],
    ['a truncated pickle', '}(K\x01', 'a truncated pickle'],
    ['an entry that is a list', '}K\x01]s.', 'something else for 1'],
    ['an empty dictionary', '}.', 'received none'],
  ])('refuses %s', async (_, pickle, part) => {
    const message = await complaint(npy(pickle))
    expect(message).toMatch(/^Expected .*table\.npy but received /)
    expect(message).toContain(part)
  })

  it('refuses plain arrays, architectures of other spaces, repeated ones, and leaves out missing values', async () => {
    expect(await complaint(npy('12345678', '<f8'))).toBe(
      'Expected a pickled table of accuracies for table.npy but received an array of numbers',
    )
    // {"0": {"operation": [3, 3], "cifar10_test": 9}}
    const entry = (operations: string, more = 'X\x0c\0\0\0cifar10_testK\x09') =>
      `}(X\x09\0\0\0operation](${operations}e${more}u`
    const table = (...entries: string[]) => npy(`}(${entries.map((one, i) => `X\x01\0\0\0${i}${one}`).join('')}u.`)
    expect(await complaint(table(entry('K\x03K\x03')))).toBe(
      'Expected 6 numbers for a path of nasbench201 but received 2: 3,3 (table.npy, entry 1)',
    )
    const all = 'K\x03'.repeat(6)
    expect(await complaint(table(entry(all), entry(all)))).toBe(
      'Expected each architecture once in table.npy but received 3,3,3,3,3,3 again on entry 2',
    )
    const file = join(folder, 'missing.npy')
    await writeFile(file, table(entry(all), entry('K\x02'.repeat(6), '')))
    const { paths, source } = await loadGroundTruth(file, space)
    expect(paths).toEqual([[3, 3, 3, 3, 3, 3]])
    expect(source?.leftOut).toBe(1)
  })

  it('has a column for ImageNet16-120, under the name that the release gives it', async () => {
    const { source } = await loadGroundTruth(fixture('nasbench201_dict.npy'), space, { dataSet: 'imagenet16-120' })
    expect(source?.column).toBe('imagenet16_test')
  })
})

describe('dictionaries with an entry per architecture', () => {
  const files = ['plain-protocol2.pickle', 'plain-protocol4.pickle', 'plain.pth']

  it.each(files)('are read with numbers by name: %s', async (name) => {
    expect(await read(name)).toEqual(expected.plain)
    expect((await openTable(fixture(name))).columns).toEqual(['cifar10_test', 'params'])
  })

  it.each(['nested-protocol2.pickle', 'nested-protocol4.pickle'])(
    'are read with a dictionary per data set, and the ends of curves: %s',
    async (name) => {
      const wanted = expected.nested as [Path, number, number, number][]
      expect(await read(name)).toEqual(wanted.map(([path, test]) => [path, test]))
      expect(await read(name, 'cifar10_eval_acc1es')).toEqual(wanted.map(([path, , last]) => [path, last]))
      expect(await read(name, 'cifar10-valid_eval_acc1es')).toEqual(wanted.map(([path, , , last]) => [path, last]))
    },
  )

  it.each(['numbers-protocol2.pickle', 'numbers-protocol4.pickle'])(
    'are read with a number per tuple: %s',
    async (name) => {
      expect(await read(name)).toEqual(expected.numbers)
    },
  )
})

describe('lists with an entry per architecture', () => {
  const wanted = expected.lists as [Path, number, number][]
  const ends = wanted.map(([path, end]) => [path, end])

  it('are read as tuples of a matrix of operations and accuracies, as aw_nas has them', async () => {
    expect(await read('list-tuples.pickle')).toEqual(ends)
    expect(await read('list-tuples.pickle', 'accuracy_2')).toEqual(wanted.map(([path, , half]) => [path, half]))
    expect((await openTable(fixture('list-tuples.pickle'))).format).toBe('pickled list')
  })

  it('are read with the last number of a list of accuracies', async () => {
    expect(await read('list-curves.pickle')).toEqual(ends)
  })

  it.each(['list-named.pickle', 'list-named.npy'])('are read as dictionaries: %s', async (name) => {
    expect(await read(name)).toEqual(ends)
    expect((await openTable(fixture(name))).columns).toEqual(['test_accuracy'])
  })

  it('keep the order of rows of a matrix that Fortran stored by columns', async () => {
    // numpy.array([[0, 0], [3, 1]], dtype="|u1", order="F") beside 91, as NumPy pickles it
    const array = 'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R'
    const type = 'cnumpy\ndtype\nX\x02\0\0\0u1K\0K\x01\x87R'
    const state = `(K\x01K\x02K\x02\x86${type}\x88C\x04\x00\x03\x00\x01tb`
    const file = join(folder, 'fortran.npy')
    await writeFile(file, npy(`](${array}${state}K\x5b\x86e.`))
    expect((await openTable(file)).keys).toEqual(['3'])
  })
})

describe('the benchmarks', () => {
  it.each([
    ['NATS-tss.pickle.pbz2', 'nats', 'NAS-Bench-201, pickled dictionary in bzip2'],
    ['NATS-tss-simple', 'nats', 'NATS-Bench, folder'],
    ['NAS-Bench-201.pth', 'nasBench201', 'NAS-Bench-201, PyTorch dictionary'],
  ])('have the accuracies that their own packages answer: %s', async (name, key, format) => {
    const table = await openTable(fixture(name))
    expect(table.format).toBe(format)
    const wanted = expected[key] as ({ path: number[] } & Record<string, number>)[]
    const columns = Object.keys(wanted[0]).filter((column) => column !== 'path')
    expect([...table.columns].sort()).toEqual(columns.sort())
    // Means of one and of two numbers are exact, or the same rounding.
    for (const column of columns) {
      expect(await read(name, column)).toEqual(wanted.map((answer) => [answer.path, answer[column]]))
    }
  })

  it('are read where curves are shared, and end in different epochs', () => {
    const curve = new Map([0, 1, 2].map((epoch) => [epoch, 10 * epoch]))
    const evaluated = new Map([
      ['x-valid@0', 1],
      ['x-valid@1', 2],
      ['ori-test@1', 3],
    ] as const)
    const result = () =>
      new Map<unknown, unknown>([
        ['train_acc1es', curve],
        ['eval_acc1es', evaluated],
        ['seed', 7],
      ])
    const seen = new WeakSet()
    const [first, second] = [result(), result()]
    expect(dropCurves(first, seen)).toBe(4 + 2 + 2)
    expect(dropCurves(second, seen)).toBe(2)
    for (const one of [first, second]) {
      expect([...one.keys()]).toEqual(['train_acc1es', 'eval_acc1es'])
      expect([...(one.get('train_acc1es') as typeof curve)]).toEqual([[2, 20]])
      expect([...(one.get('eval_acc1es') as typeof evaluated)]).toEqual([
        ['x-valid@1', 2],
        ['ori-test@1', 3],
      ])
    }
  })

  it('leave dictionaries alone that are not results', () => {
    const table = new Map([0, 1, 2].map((number) => [number, number]))
    expect(dropCurves(table, new WeakSet())).toBe(0)
    expect(table.size).toBe(3)
  })
})

describe('pickles that are no tables', () => {
  const name = 'table.pickle'
  const pickle = (text: string) => Buffer.from(`\x80\x02${text}`, 'latin1')
  const info = (schedule: string) => `}X\x0a\0\0\0arch2infos}K\0}X\x02\0\0\x0012${schedule}sss.`

  it.each([
    ['a call', 'cos\nsystem\nX\x02\0\0\0ls\x85R.', 'the pickle global os.system'],
    ['a tensor', 'ctorch._utils\n_rebuild_tensor_v2\n.', 'the pickle global torch._utils._rebuild_tensor_v2'],
    ['an object of a class', 'cnats_bench.api_utils\nArchResults\n)\x81.', 'api_utils.ArchResults'],
    ['an object of a known class', 'cnumpy\ndtype\n)\x81.', 'a call of numpy.dtype with other arguments'],
    ['an empty list', '].', 'received none'],
    ['a number', 'K\x01.', 'something other than a dictionary or a list'],
    ['a list of numbers', '](K\x01K\x02e.', 'something else for entry 1'],
    ['a tuple without accuracies', '](X\x0b\0\0\x00,0,0,0,0,0\x85e.', 'something else for entry 1'],
    ['an entry that is text', '}K\x01X\x01\0\0\0as.', 'something else for 1'],
    ['results that are numbers', '}X\x0a\0\0\0arch2infosK\x01s.', 'something else for arch2infos'],
    ['no architectures', '}X\x0a\0\0\0arch2infos}s.', 'no architecture'],
    ['a schedule that is a number', info('K\x01'), 'an entry without its architecture'],
    ['a schedule without results', info('}X\x08\0\0\0arch_strX\x01\0\0\0as'), 'an architecture without results'],
    ['a set for its architectures', '}X\x0a\0\0\0arch2infos\x8f(K\x01\x90s.', 'something else for arch2infos'],
    ['a tuple of a mark', '](K\x04\x86.', 'a pickle that takes a mark for a value'],
    ['a cut', '}X\x0a\0\0\0arch2', 'a truncated pickle'],
    ['a name of many lines', `c${'x'.repeat(70_000)}\n\n.`, 'a truncated pickle'],
    ['a text of 4 GiB', 'X\xff\xff\xff\xff', 'a truncated pickle'],
  ])('are refused: %s', async (_, text, part) => {
    const message = await complaint(pickle(text), name)
    expect(message).toMatch(/^Expected .*table\.pickle.* but received /)
    expect(message).toContain(part)
  })

  it('are refused where they would fill the memory', async () => {
    expect(await complaint(pickle(']'.repeat(400_000)), name)).toMatch(
      /a pickle of more than \d+ lists and dictionaries$/,
    )
    expect(await complaint(Buffer.from(NONES, 'base64'), 'table.pbz2')).toMatch(/a pickle of more than \d+ values$/)
    expect(await complaint(pickle('r\xff\xff\xff\x7f'.padStart(6, 'N')), name)).toMatch(
      /of more than \d+ remembered values$/,
    )
    // A column of its own for each of 5,000 rows: 25 million numbers, nearly all of which are missing.
    const rows = Array.from({ length: 5000 }, (_, i) => {
      const digits = String(i).padStart(4, '0')
      return `X\x04\0\0\0${digits}}X\x04\0\0\0${digits}K\x01s`
    })
    expect(await complaint(pickle(`}(${rows.join('')}u.`), name)).toMatch(/^Expected at most 16777216 numbers in /)
  })

  it('are refused in bzip2 and in a zip archive, by name', async () => {
    const damaged = readFileSync(fixture('NATS-tss.pickle.pbz2'))
    damaged[5000] ^= 1
    expect(await complaint(damaged, 'NATS.pickle.pbz2')).toMatch(
      /^Expected bzip2 data in NATS\.pickle\.pbz2 but received /,
    )
    const zip = readFileSync(fixture('plain.pth'))
    expect(await complaint(zip.subarray(0, 1000), 'plain.pth')).toMatch(
      /^Expected a zip archive .* plain\.pth but received /,
    )
    expect(await complaint(readFileSync(fixture('../state-dict.pt')), 'state.pth')).toContain(
      'the pickle global torch.',
    )
  })

  it('are refused as folders without tables', async () => {
    const message = await loadGroundTruth(folder, space).catch((error: Error) => error.message)
    expect(message).toBe(`Expected files 000000.pickle.pbz2, … of NATS-Bench in ${folder} but received none`)
  })
})
