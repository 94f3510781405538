import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadGroundTruth } from '../../../src/ground-truth/load-ground-truth.js'
import {
  enumeratePaths,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  type SearchSpace,
} from '../../../src/spaces/index.js'
import { refusal } from '../../support/refusal.js'

const space = nasBench201()
const NONE = space.encode([0, 0, 0, 0, 0, 0])
const CONV = space.encode([3, 3, 3, 3, 3, 3])

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ground-truth-'))
  vi.stubEnv('PADA_CACHE', join(folder, 'cache'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function table(content: string | Uint8Array, name = 'table.csv'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

async function complaint(
  content: string | Uint8Array,
  options = {},
  name?: string,
  of: SearchSpace = space,
): Promise<string> {
  const loading = loadGroundTruth(await table(content, name), of, options)
  return (await refusal(loading)).message.replaceAll(`${folder}/`, '')
}

describe('loadGroundTruth', () => {
  it('reads arch strings and operation indices, comments and blank lines between', async () => {
    const text = `# settings, of, a table\narch,seed,accuracy\n${NONE},1,10\n\n"3, 3,3,3,3,3",2, 93.5\n# end\n`
    const truth = await loadGroundTruth(await table(text), space)
    expect(truth.size).toBe(2)
    expect(truth.paths).toEqual([
      [0, 0, 0, 0, 0, 0],
      [3, 3, 3, 3, 3, 3],
    ])
    expect(truth.accuracy([0, 0, 0, 0, 0, 0])).toBe(10)
    expect(truth.accuracy([3, 3, 3, 3, 3, 3])).toBe(93.5)
    expect(truth.accuracy([3, 3, 3, 3, 3, 0])).toBeUndefined()
    expect(truth.best).toEqual({ path: [3, 3, 3, 3, 3, 3], accuracy: 93.5 })
  })

  it('reads a column by name, a byte order mark, carriage returns and gzip', async () => {
    const text = `\uFEFFarch,a,b\r\n${NONE},1,2\r\n`
    const file = await table(gzipSync(text), 'table.csv.gz')
    expect((await loadGroundTruth(file, space, { column: 'b' })).best.accuracy).toBe(2)
  })

  it('reads all 15,625 architectures and gives back each accuracy', async () => {
    const paths = [...enumeratePaths(space)]
    const lines = paths.map((path, i) => `${space.encode(path)},${i / 160}`)
    const truth = await loadGroundTruth(await table(`arch,accuracy\n${lines.join('\n')}`), space)
    expect(truth.size).toBe(15_625)
    expect(truth.paths).toEqual(paths)
    expect(paths.every((path, i) => truth.accuracy(path) === i / 160)).toBe(true)
  })

  it.each(['accuracy', 'arch'])('names a missing column %s', async (column) => {
    const header = ['arch', 'accuracy'].map((name) => (name === column ? 'other' : name))
    expect(await complaint(`${header}\n${NONE},1`)).toBe(
      `Expected a column "${column}" in table.csv but received ${header.join(', ')}`,
    )
  })

  it('names the column that was asked for', async () => {
    expect(await complaint(`arch,accuracy\n${NONE},1`, { column: 'cifar10_test' })).toBe(
      'Expected a column "cifar10_test" in table.csv but received arch, accuracy',
    )
  })

  it('names the line of an architecture that occurs twice, in whatever notation', async () => {
    expect(await complaint(`arch,accuracy\n${CONV},90\n\n"3,3,3,3,3,3",91\n`)).toBe(
      'Expected each architecture once in table.csv but received 3,3,3,3,3,3 again on line 4',
    )
  })

  it.each([
    ['|nor_conv_3x3~0|', 'Expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2| for an architecture of nasbench201'],
    [CONV.replace('nor_conv_3x3~2', 'nor_conv_5x5~2'), 'for edge 3<-2 of'],
    ['"3,3,3"', 'Expected 6 numbers for a path of nasbench201 but received 3: 3,3,3'],
    ['', 'but received ""'],
  ])('names the line of an unknown architecture %s', async (arch, part) => {
    const message = await complaint(`# comment\narch,accuracy\n${NONE},10\n${arch},20\n`)
    expect(message).toContain(part)
    expect(message).toMatch(/ \(table\.csv, line 4\)$/)
  })

  it.each(['high', '-0.1', '100.1', 'Infinity'])('names the line of an accuracy "%s"', async (text) => {
    expect(await complaint(`arch,accuracy\n${CONV},90\n${NONE},${text}\n`)).toBe(
      `Expected a number in 0…100 for "accuracy" but received "${text}" (table.csv, line 3)`,
    )
  })

  it('names the line of a row with too many fields', async () => {
    expect(await complaint(`arch,accuracy\n${NONE},10,11\n`)).toMatch(
      /^Expected well-formed CSV for ground truth but received table\.csv: .* line 2$/,
    )
  })

  it('refuses a table without rows, an empty file, a missing file and a truncated one', async () => {
    expect(await complaint('arch,accuracy\n')).toBe('Expected at least one architecture in table.csv but received none')
    expect(await complaint('')).toBe('Expected a table for table.csv but received an empty file: download it again')
    const half = gzipSync(`arch,accuracy\n${NONE},10\n`).subarray(0, 40)
    expect(await complaint(half, {}, 'half.csv.gz')).toMatch(
      /^Expected a readable table for ground truth but received half\.csv\.gz: /,
    )
    await expect(loadGroundTruth(join(folder, 'none.csv'), space)).rejects.toThrow(
      /^Expected a readable table .*none\.csv: no such file$/,
    )
  })
})

describe('loadGroundTruth by data set', () => {
  const COLUMNS = `arch,cifar10_test,cifar100_test,ImageNet16-120_test\n${NONE},10,40,21\n${CONV},90,60,45\n`

  it.each([
    ['cifar10', 'cifar10_test', 90],
    ['cifar100', 'cifar100_test', 60],
    ['imagenet16-120', 'ImageNet16-120_test', 45],
  ])('reads the column of %s', async (dataSet, column, accuracy) => {
    const truth = await loadGroundTruth(await table(COLUMNS), space, { dataSet })
    expect(truth.accuracy([3, 3, 3, 3, 3, 3])).toBe(accuracy)
    expect(truth.source).toMatchObject({ column, architectures: 2, leftOut: 0, unit: 'percent' })
  })

  it("prefers the data set's column to a general one, and that to another data set's", async () => {
    const both = await table(`arch,cifar100_test,accuracy,cifar10_test\n${NONE},60,70,80\n`)
    const column = async (dataSet: string) => (await loadGroundTruth(both, space, { dataSet })).source?.column
    expect(await column('cifar100')).toBe('cifar100_test')
    expect(await column('cifar10')).toBe('cifar10_test')
    expect(await column('fashion-mnist')).toBe('accuracy')
  })

  it.each(['imagenet16-120', 'fashion-mnist'])(
    "refuses another data set's column for %s unless named",
    async (dataSet) => {
      const other = `arch,cifar10_test,params\n${NONE},10,2\n`
      const wanted = `${dataSet.replaceAll('-', '_')}_test`
      expect(await complaint(other, { dataSet })).toBe(
        `Expected a column "${wanted}" or "accuracy" in table.csv but received cifar10_test, params; ` +
          'groundTruth.column may name a column of other data',
      )
      const named = await loadGroundTruth(await table(other), space, { dataSet, column: 'cifar10_test' })
      expect(named.best.accuracy).toBe(10)
    },
  )
})

describe('numbers of a table', () => {
  it('turns fractions into percent, and says so', async () => {
    const truth = await loadGroundTruth(await table(`arch,accuracy\n${NONE},0.125\n${CONV},1\n`), space)
    expect([...truth.paths.map(truth.accuracy), truth.best.accuracy]).toEqual([12.5, 100, 100])
    expect(truth.source?.unit).toBe('fraction')
  })

  it('keeps percent if one value is above 1', async () => {
    const truth = await loadGroundTruth(await table(`arch,accuracy\n${NONE},0.83\n${CONV},1.5\n`), space)
    expect(truth.paths.map(truth.accuracy)).toEqual([0.83, 1.5])
    expect(truth.source?.unit).toBe('percent')
  })

  it.each(['', 'nan', 'NaN', 'null', 'n/a'])('leaves out and counts a row with "%s"', async (text) => {
    const truth = await loadGroundTruth(await table(`arch,accuracy\n${NONE},${text}\n${CONV},93\n`), space)
    expect(truth.paths).toEqual([[3, 3, 3, 3, 3, 3]])
    expect(truth.size).toBe(1)
    expect(truth.accuracy([0, 0, 0, 0, 0, 0])).toBeUndefined()
    expect(truth.source).toMatchObject({ architectures: 1, leftOut: 1 })
  })

  it('refuses a column without any number', async () => {
    expect(await complaint(`arch,accuracy\n${NONE},nan\n`)).toBe(
      'Expected at least one number for "accuracy" but received none (table.csv)',
    )
  })
})

describe('the digest of a ground truth', () => {
  const digest = async (text: string, name?: string, column = 'accuracy', of: SearchSpace = space) =>
    (await loadGroundTruth(await table(text, name), of, { column })).source!.digest

  it('is of architectures and accuracies, in whatever file and form they are', async () => {
    const same = await digest(`arch,accuracy\n${NONE},10\n${CONV},93.5\n`)
    expect(same).toMatch(/^[0-9a-f]{32}$/)
    const json = `{"0,0,0,0,0,0": {"accuracy": 10}, ${JSON.stringify(CONV)}: {"accuracy": 93.5}}`
    expect(await digest(json, 'other.json')).toBe(same)
    expect(await digest(`# note\narch,more,accuracy\n${NONE},1,10\n${CONV},2,93.5\n`, 'other.csv')).toBe(same)
    const others = [
      await digest(`arch,accuracy\n${NONE},10\n${CONV},93.6\n`),
      await digest(`arch,accuracy\n${CONV},10\n${NONE},93.5\n`),
      await digest(`arch,accuracy\n${NONE},10\n`),
      await digest(`arch,accuracy,valid\n${NONE},10,11\n${CONV},93.5,92\n`, 'table.csv', 'valid'),
    ]
    expect(new Set([same, ...others]).size).toBe(5)
  })

  it('is the same for a table of the cache, of architectures and of hashes', async () => {
    const rows = [...enumeratePaths(space)].map((path, i) => `"${path.join()}",${i % 100}`)
    const archs = ['arch,accuracy', ...rows].join('\n')
    const first = await digest(archs, 'large.csv')
    expect(await digest(archs, 'large.csv')).toBe(first)

    const shot = nasBench1Shot1('nasbench1shot1-1')
    const hash = (i: number) => i.toString(16).padStart(32, '0')
    const hashes = (last: string) =>
      [
        'hash,accuracy',
        ...Array.from({ length: 9_000 }, (_, i) => `${hash(i)},${i / 9_000}`),
        `${hash(9_000)},${last}`,
      ].join('\n')
    const [known, missing] = [hashes('0.5'), hashes('')]
    const ofHashes = (text: string) => digest(text, 'hashes.csv', 'accuracy', shot)
    const digests = [await ofHashes(known), await ofHashes(known), await ofHashes(missing), await ofHashes(missing)]
    expect(digests[1]).toBe(digests[0])
    expect(digests[3]).toBe(digests[2])
    expect(digests[2]).not.toBe(digests[0])
  })
})

describe('loadGroundTruth of JSON', () => {
  const macro = nasBenchMacro()
  const refuse = (text: string, options = {}) => complaint(text, options, 'table.json', macro)

  it('reads an object per architecture, in the order of the file, digits that look like numbers too', async () => {
    const text = '{"02012100": {"test_acc": [1, 2], "mean_acc": 89.2}, "11111111": {"mean_acc": 92, "x": {"y": 1}},\n'
    const more = '"0, 0,0,0,0,0,0,1": {"mean_acc": 92, "note": "a \\"quoted\\": {key}"}}'
    const file = await table(`\uFEFF${text}${more}`, 'table.json')
    const truth = await loadGroundTruth(file, macro)
    expect(truth.paths.map(macro.encode)).toEqual(['02012100', '11111111', '00000001'])
    expect(truth.accuracy([0, 2, 0, 1, 2, 1, 0, 0])).toBe(89.2)
    expect(truth.best).toEqual({ path: new Array(8).fill(1), accuracy: 92 })
  })

  it('reads a list of objects that name their architectures', async () => {
    const text = '[{"arch": "02012100", "mean_acc": 89.2}, {"mean_acc": 92, "operation": [1, 1, 1, 1, 1, 1, 1, 1]}]'
    const truth = await loadGroundTruth(await table(text, 'table.json'), macro)
    expect(truth.paths.map((path) => [macro.encode(path), truth.accuracy(path)])).toEqual([
      ['02012100', 89.2],
      ['11111111', 92],
    ])
  })

  it('leaves out entries without the column', async () => {
    const file = await table('{"00000000": {"mean_acc": 91},\n"00000001": {"acc": 2}}', 'table.json')
    const truth = await loadGroundTruth(file, macro)
    expect(truth.paths.map(macro.encode)).toEqual(['00000000'])
    expect(truth.source).toMatchObject({ architectures: 1, leftOut: 1 })
  })

  it('reads another column, and gzip', async () => {
    const file = await table(gzipSync('{"00000000": {"mean_acc": 1, "valid": 2}}'), 'table.json.gz')
    expect((await loadGroundTruth(file, macro, { column: 'valid' })).best.accuracy).toBe(2)
  })

  it.each([
    ['{"02012100": {"mean_acc": 1}', /^Expected well-formed JSON for ground truth but received table\.json: /],
    ['1', /^Expected an object with an entry per .* but received table\.json, which holds 1$/],
    [
      '[{"arch": "00000000", "mean_acc": 1}, {"mean_acc": 2}]',
      /^Expected an object with "arch" .* of a list but received \{"mean_acc":2\} \(table\.json, entry 2\)$/,
    ],
    ['{}', /^Expected an object with its accuracies for each architecture but received no entry \(table\.json\)$/],
    ['{"00000000": {"acc": 1, "std": 2}}', /^Expected a column "mean_acc" in table\.json but received acc, std$/],
    [
      '{"00000000": {"mean_acc": 1},\n"00000001": 2}',
      /^Expected an object .* for each architecture but received 2 for "00000001" \(table\.json, line 2\)$/,
    ],
    [
      '{\n"00000000": {"mean_acc": [1, 2]}}',
      /^Expected an object with its accuracies .* but received \{"mean_acc":\[1,2\]\} for "00000000" \(table\.json\)$/,
    ],
    [
      '{"00000001": {"mean_acc": 1},\n"00000000": {"mean_acc": [1, 2]}}',
      /^Expected a number in 0…100 for "mean_acc" but received "\[1,2\]" \(table\.json, line 2\)$/,
    ],
    [
      '{"00000000": {"mean_acc": null, "std": 1}}',
      /^Expected at least one number for "mean_acc" but received none \(table\.json\)$/,
    ],
    [
      '{"00000000": {"mean_acc": " ", "std": 1}}',
      /^Expected at least one number for "mean_acc" but received none \(table\.json\)$/,
    ],
    ['{"00000003": {"mean_acc": 1}}', /^Expected 8 digits 0…2 for .* but received "00000003" \(table\.json, line 1\)$/],
  ])('refuses %j', async (text, message) => {
    expect(await refuse(text)).toMatch(message)
  })

  it.each(['00000000', '0,0,0,0,0,0,0,0'])('names the line of an architecture that occurs twice: %s', async (again) => {
    expect(await refuse(`{"00000000": {"mean_acc": 1},\n\n"${again}": {"mean_acc": 1}}`)).toBe(
      `Expected each architecture once in table.json but received ${again} again on line 3`,
    )
  })
})
