import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/index.js'
import { pada, temporaryFolder } from '../support/harness.js'

/** The addon is not needed, and must not be looked for. */
const options = { env: { LIBTORCH: 'nowhere' } }

test('config prints all settings of a file as YAML, with those of --set and the defaults', async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'mine.yaml'), 'data: { format: cifar10, dir: images }\ntraining: { epochs: 3 }\n')
  const set = ['--set', 'method={name: spos}', 'training.momentum=0.5']
  const outcome = await pada(['config', 'mine.yaml', ...set], { ...options, cwd })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stderr).toBe('')
  const printed = parse(outcome.stdout)
  expect(printed).toEqual(
    parseConfig({
      name: 'mine',
      data: { format: 'cifar10', dir: join(cwd, 'images') },
      method: { name: 'spos' },
      training: { epochs: 3, optimizer: { kind: 'sgd', momentum: 0.5 } },
    }),
  )
  writeFileSync(join(cwd, 'printed.yaml'), outcome.stdout)
  const again = await pada(['config', 'printed.yaml', '--json'], { ...options, cwd })
  expect(JSON.parse(again.stdout)).toEqual(printed)
  expect(again.stdout.trimEnd()).not.toContain('\n')
})

test('config without a file prints the settings of the embedded search', async () => {
  const outcome = await pada(['config'], options)
  expect(parse(outcome.stdout)).toMatchObject({ name: 'nasbench201-fashion', groundTruth: { file: 'embedded' } })
})

test('config says that default settings of the embedded data are left out for other data', async () => {
  const outcome = await pada(['config', '--set', 'data={format: idx, dir: x}'], options)
  expect(outcome.code).toBe(0)
  expect(outcome.stderr).toMatch(
    /^Left out the default settings of the embedded data, because data\.format is idx: .*\n$/,
  )
  expect(parse(outcome.stdout).data).toEqual({ format: 'idx', dir: resolve('x') })
  expect(parse(outcome.stdout)).not.toHaveProperty('groundTruth')
})

test('config names all mistakes at once', async () => {
  const outcome = await pada(['config', '--set', 'training.epochs=0', 'seed=-1', 'colour=red'], options)
  expect(outcome.code).toBe(2)
  expect(outcome.stdout).toBe('')
  expect(outcome.stderr).toContain('received 3 problems:')
  for (const setting of ['training.epochs', 'seed', '"colour"']) expect(outcome.stderr).toContain(setting)
})

test.each([
  [[], 'configs/schema.json'],
  [['search'], 'configs/schema.json'],
  [['retrain'], 'configs/retrain-schema.json'],
  [['experiment'], 'configs/experiments/schema.json'],
])('config --schema %j prints %s', async (kind, file) => {
  const outcome = await pada(['config', '--schema', ...kind], options)
  expect(outcome.stderr).toBe('')
  expect(outcome.stdout).toBe(readFileSync(resolve(file), 'utf8'))
})

test.each([
  [
    'a missing file',
    ['nowhere.yaml'],
    'Expected a readable YAML file for config but received no such file: nowhere.yaml; npx pada-native config --list names those of the package',
  ],
  ['a folder', ['.'], 'Expected a readable YAML file for config but received a folder: .'],
  ['another schema', ['--schema', 'run'], 'Expected search, retrain, experiment for --schema but received run'],
  ['settings beside a schema', ['--set', 'seed=1', '--schema'], 'Expected --schema alone but received --set beside it'],
])('config refuses %s', async (_what, args, sentence) => {
  const outcome = await pada(['config', ...args], options)
  expect(outcome.stderr).toMatch(new RegExp(`^pada-native: ${sentence}\n$`))
  expect(outcome.code).toBe(2)
  expect(outcome.stdout).toBe('')
})

/** Names of all configurations of the package, as `--config` takes them. */
const SHIPPED = readdirSync('configs', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length))

test('config --list names every settings file of the package, with a sentence about it', async () => {
  const outcome = await pada(['config', '--list', '--json'], { ...options, cwd: temporaryFolder() })
  const listed: { name: string; command: string; about: string }[] = JSON.parse(outcome.stdout)
  expect(listed.map(({ name }) => name).sort()).toEqual([...SHIPPED].sort())
  for (const { name, about } of listed) expect(about, name).toMatch(/^[A-Z].{10,150}[.?]$/)
  const commandOf = Object.fromEntries(listed.map(({ name, command }) => [name, command]))
  expect(commandOf).toMatchObject({
    'nasbench201-smoke': 'search',
    'retrain-smoke': 'retrain',
    'experiments/first': 'experiment',
  })
  const table = await pada(['config', '--list'], options)
  for (const name of SHIPPED) expect(table.stdout).toContain(` ${name} `)
})

test.each([
  [['nasbench201-smoke']],
  [['nasbench201-smoke.yaml']],
  [['retrain-smoke', '--set', 'network.path=1,1,1,1,1,1']],
])('a name finds a settings file of the package from any folder: config %j', async (args) => {
  const outcome = await pada(['config', ...args], { ...options, cwd: temporaryFolder() })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(parse(outcome.stdout).name).toBe(basename(args[0], '.yaml'))
})

test('a file of the working directory comes before a file of the package', async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'nasbench201-smoke.yaml'), 'seed: 7\n')
  const own = await pada(['config', 'nasbench201-smoke.yaml'], { ...options, cwd })
  expect(parse(own.stdout).seed).toBe(7)
  const shipped = await pada(['config', 'nasbench201-smoke'], { ...options, cwd })
  expect(parse(shipped.stdout).space.channels).toBe(8)
})

test('config --copy writes a settings file that means the same, and whose schema editors find', async () => {
  const cwd = temporaryFolder()
  const copied = await pada(['config', '--copy', 'nasbench201-smoke', '--out', 'mine.yaml'], { ...options, cwd })
  expect(copied.stdout).toBe('copied nasbench201-smoke to mine.yaml\n')
  const [mine, shipped] = await Promise.all(
    ['mine.yaml', 'nasbench201-smoke'].map((file) => pada(['config', file], { ...options, cwd })),
  )
  expect(mine.stdout).toBe(shipped.stdout)
  const [, schema] = /\$schema=(\S+)/.exec(readFileSync(join(cwd, 'mine.yaml'), 'utf8')) ?? []
  expect(resolve(cwd, schema)).toBe(resolve('configs/schema.json'))
  const again = await pada(['config', '--copy', 'nasbench201-smoke', '--out', 'mine.yaml'], { ...options, cwd })
  expect(again.stderr).toContain('Expected a new file for --out but received mine.yaml, which exists')
  expect(again.code).toBe(2)
})

test('config --copy takes the name that experiment takes', async () => {
  const cwd = temporaryFolder()
  const copied = await pada(['config', '--copy', 'first'], { ...options, cwd })
  expect(copied.stdout).toBe('copied experiments/first to first.yaml\n')
  expect(parse(readFileSync(join(cwd, 'first.yaml'), 'utf8'))).toHaveProperty('studies')
})

test.each([
  [['--copy', 'retrain-smoke', '--json'], 'Expected --copy alone but received --json beside it'],
  [['--copy', 'nothere'], 'Expected a name that npx pada-native config --list shows for --copy but received nothere'],
  [['--list', '--set', 'seed=1'], 'Expected --list alone but received --set beside it'],
  [['nasbench201-smoke', '--list'], /Expected --list alone but received \S+nasbench201-smoke.yaml beside it/],
  [['--list', '--copy', 'retrain-smoke'], 'Expected --list alone but received --copy beside it'],
  [['--out', 'x.yaml'], 'Expected --copy with --out but received --out alone'],
])('config refuses %j', async (args, sentence) => {
  const outcome = await pada(['config', ...args], { ...options, cwd: temporaryFolder() })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.code).toBe(2)
})

test('an experiment of the package runs by its name from any folder', async () => {
  const cwd = temporaryFolder()
  // A report searches nothing, but wants an experiment that was begun.
  mkdirSync(join(cwd, 'here', 'cells'), { recursive: true })
  const outcome = await pada(['experiment', 'first', '--report', '--out', 'here'], { ...options, cwd })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout + outcome.stderr).toContain('experiment first: 0 of 6 searches complete, in here')
})
