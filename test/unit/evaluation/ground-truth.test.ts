import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { loadGroundTruth } from '../../../src/evaluation/ground-truth.js'
import { enumeratePaths, nasBench201 } from '../../../src/spaces/index.js'

const space = nasBench201()
const NONE = space.encode([0, 0, 0, 0, 0, 0])
const CONV = space.encode([3, 3, 3, 3, 3, 3])

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ground-truth-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function table(content: string | Uint8Array, name = 'table.csv'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

async function refusal(content: string | Uint8Array, options = {}, name?: string): Promise<string> {
  const error = await loadGroundTruth(await table(content, name), space, options).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).message.replaceAll(`${folder}/`, '')
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
    expect(await refusal(`${header}\n${NONE},1`)).toBe(
      `Expected a column "${column}" in table.csv but received ${header.join(', ')}`,
    )
  })

  it('names the column that was asked for', async () => {
    expect(await refusal(`arch,accuracy\n${NONE},1`, { column: 'cifar10_test' })).toBe(
      'Expected a column "cifar10_test" in table.csv but received arch, accuracy',
    )
  })

  it('names the line of an architecture that occurs twice, in whatever notation', async () => {
    expect(await refusal(`arch,accuracy\n${CONV},90\n\n"3,3,3,3,3,3",91\n`)).toBe(
      'Expected each architecture once in table.csv but received 3,3,3,3,3,3 again on line 4',
    )
  })

  it.each([
    ['|nor_conv_3x3~0|', 'Expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2| for an architecture of nasbench201'],
    [CONV.replace('nor_conv_3x3~2', 'nor_conv_5x5~2'), 'for edge 3<-2 of'],
    ['"3,3,3"', 'Expected 6 numbers for a path of nasbench201 but received 3: 3,3,3'],
    ['', 'but received ""'],
  ])('names the line of an unknown architecture %s', async (arch, part) => {
    const message = await refusal(`# comment\narch,accuracy\n${NONE},10\n${arch},20\n`)
    expect(message).toContain(part)
    expect(message).toMatch(/ \(table\.csv, line 4\)$/)
  })

  it.each(['', 'high', '-0.1', '100.1', 'NaN', 'Infinity'])('names the line of an accuracy "%s"', async (text) => {
    expect(await refusal(`arch,accuracy\n${CONV},90\n${NONE},${text}\n`)).toBe(
      `Expected a number in 0…100 for "accuracy" but received "${text}" (table.csv, line 3)`,
    )
  })

  it('names the line of a row with too many fields', async () => {
    expect(await refusal(`arch,accuracy\n${NONE},10,11\n`)).toMatch(
      /^Expected well-formed CSV for ground truth but received table\.csv: .* line 2$/,
    )
  })

  it('refuses a table without rows, an empty file, a missing file and a truncated one', async () => {
    expect(await refusal('arch,accuracy\n')).toBe('Expected at least one architecture in table.csv but received none')
    expect(await refusal('')).toBe('Expected a column "arch" in table.csv but received no columns')
    const half = gzipSync(`arch,accuracy\n${NONE},10\n`).subarray(0, 40)
    expect(await refusal(half, {}, 'half.csv.gz')).toMatch(
      /^Expected a readable table for ground truth but received half\.csv\.gz: /,
    )
    await expect(loadGroundTruth(join(folder, 'none.csv'), space)).rejects.toThrow(
      /^Expected a readable table .*ENOENT/,
    )
  })
})
