import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
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
  ['a missing file', ['nowhere.yaml'], 'Expected a settings file for config but received no such file: nowhere.yaml'],
  ['another schema', ['--schema', 'run'], 'Expected search, retrain, experiment for --schema but received run'],
  ['settings beside a schema', ['--set', 'seed=1', '--schema'], 'Expected --schema alone but received --set beside it'],
])('config refuses %s', async (_what, args, sentence) => {
  const outcome = await pada(['config', ...args], options)
  expect(outcome.stderr).toMatch(new RegExp(`^pada-native: ${sentence}( .see pada-native --help.)?\n$`))
  expect(outcome.code).toBe(2)
  expect(outcome.stdout).toBe('')
})
