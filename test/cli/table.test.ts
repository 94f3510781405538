import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pada, temporaryFolder } from '../support/harness.js'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tables/${name}`, import.meta.url))
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'))
/** Neither data nor the addon is needed. */
const env = { LIBTORCH: 'nowhere' }

test('table: NATS-Bench to CSV and JSON, which say the same as the original', async () => {
  const folder = temporaryFolder()
  const results: Record<string, unknown>[] = []
  let source = fixture('NATS-tss.pickle.pbz2')
  for (const name of ['nats.csv', 'nats.json', 'again.csv']) {
    const out = join(folder, name)
    const outcome = await pada(['table', source, '--space', 'nasbench201', '--top', '2', '--out', out, '--json'], {
      env,
    })
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(outcome.stderr).toBe('')
    results.push(JSON.parse(outcome.stdout))
    source = out
  }
  expect(readFileSync(join(folder, 'again.csv'), 'utf8')).toBe(readFileSync(join(folder, 'nats.csv'), 'utf8'))
  const accuracies = (expected.nats as { cifar10_test: number }[]).map((answer) => answer.cifar10_test)
  const sorted = accuracies.toSorted((a, b) => b - a)
  for (const [i, format] of ['NAS-Bench-201, pickled dictionary in bzip2', 'CSV', 'JSON'].entries()) {
    expect(results[i]).toMatchObject({ event: 'result', format, rows: 3, column: 'cifar10_test', keyedBy: 'arch' })
    expect(results[i].covered).toEqual({ space: 'nasbench201', architectures: 3, of: 15_625 })
    expect((results[i].best as { value: number }[]).map(({ value }) => value)).toEqual(sorted.slice(0, 2))
    const summary = (results[i].columns as { column: string }[]).find(({ column }) => column === 'cifar10_test')
    expect(summary).toMatchObject({ count: 3, min: sorted[2], max: sorted[0] })
  }
})

test('table: columns and the best rows as text, of a folder too', async () => {
  const outcome = await pada(['table', fixture('NATS-tss-simple'), '--column', 'cifar100_test', '--top', '1'], { env })
  expect(outcome.code, outcome.stderr).toBe(0)
  const lines = outcome.stdout.split('\n')
  expect(lines[0]).toBe('NATS-Bench, folder, 3 architectures')
  expect(outcome.stdout).toMatch(/│ cifar10_test_3epochs +│ +3 │ +52\.6581 │ +74\.7711 │ +87\.2891 │/)
  expect(outcome.stdout).toMatch(/│ cifar100_test │ best +│/)
  expect(outcome.stdout).toMatch(/│ +62\.7767 │ \|none~0\|/)
})

test('table: what the embedded table covers', async () => {
  const file = fileURLToPath(new URL('../../assets/nasbench201-fashion-mnist.csv', import.meta.url))
  const outcome = await pada(['table', file, '--space', 'nasbench201', '--top', '0'], { env })
  expect(outcome.stdout.split('\n').slice(0, 2)).toEqual([
    'CSV, 300 architectures',
    '300 of 15,625 paths of nasbench201',
  ])
  expect(outcome.stdout).not.toContain('best')
  const named = await pada(['table', 'embedded', '--space', 'nasbench201', '--top', '0'], { env })
  expect(named.stdout).toBe(outcome.stdout)
})

test.each<[string, string[], RegExp, number]>([
  ['no file', [], /^pada-native: Expected a file for table but received none$/m, 2],
  [
    'another ending',
    ['a.csv', '--out', 'a.txt'],
    /Expected a name that ends in \.csv or \.json .* received a\.txt$/m,
    2,
  ],
  [
    'a column that is not there',
    ['a.csv', '--column', 'b'],
    /Expected a column "b" in a\.csv but received arch, accuracy$/m,
    2,
  ],
  ['a table without rows', ['empty.csv'], /Expected architectures for empty\.csv but received none$/m, 1],
  [
    'a table of another space',
    ['a.csv', '--space', 'nasbench-macro'],
    /Expected an architecture of nasbench-macro in a\.csv for --space but received a table of others, such as 0,0,0/m,
    1,
  ],
])('table refuses %s', async (_, args, sentence, code) => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'a.csv'), 'arch,accuracy\n"0,0,0,0,0,0",10\n')
  writeFileSync(join(cwd, 'empty.csv'), 'arch,accuracy\n')
  const outcome = await pada(['table', ...args], { cwd, env })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
  expect(outcome.stdout).toBe('')
})
