import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyEmbedded, fingerprint, type Outcome, pada, resultOf, temporaryFolder, tiny } from '../support/harness.js'

const ARCH = '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|'

/** One sentence on standard error and nothing else: no stack, no result on standard output. */
function expectSentence(outcome: Outcome, code: 1 | 2, sentence: RegExp | string): void {
  const complaints = outcome.stderr.split('\n').filter((line) => line.startsWith('pada-native: '))
  expect(complaints, outcome.stderr).toHaveLength(1)
  if (typeof sentence === 'string') expect(complaints[0]).toBe(`pada-native: ${sentence}`)
  else expect(complaints[0]).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
}

describe('wrong usage: exit code 2', () => {
  test.each([
    [
      'an unknown flag',
      ['search', '--nope'],
      /Expected only the arguments of search but received --nope; npx pada-native search --help lists them$/,
    ],
    ['an unknown command', ['serach'], /Expected a command but received serach; did you mean search\?$/],
    ['a misspelt option', ['search', '--confg', 'x'], /but received --confg; did you mean --config\?$/],
    ['text for a number', ['watch', '--port', 'abc'], /of at least 0 for --port but received abc$/],
    ['text for a size', ['export', 'x', '--out', 'y', '--size', 'abc'], /for --size but received abc$/],
    ['an unknown choice', ['bench', '--mode', 'foo'], /Expected train, eval for --mode but received foo$/],
    ['no file to write', ['draw', '3,3,3,3,3,3'], /Expected --out for draw but received none$/],
    ['no command', [], /Expected a command but received none; npx pada-native --help lists them$/],
    ['an option without its value', ['search', '--out'], /Expected a value for --out but received none$/],
    ['an option given twice', ['search', '--out', 'a', '--out', 'b'], /Expected one value for --out but received 2/],
    ['a choice given twice', ['bench', '--mode', 'eval', '--mode', 'train'], /Expected one value for --mode but/],
    ['two folders at once', ['search', '--out', 'a', '--resume', 'b'], /Expected --resume or --out but received both$/],
    [
      'an unknown setting',
      ['search', '--set', 'training.epoch=1'],
      /Expected only .*epochs.* for training but received "epoch"/,
    ],
    [
      'an impossible value',
      ['search', '--set', 'training.epochs=0'],
      /Expected a number of at least 1 for training\.epochs but received 0/,
    ],
    [
      'a value of the wrong kind',
      ['search', '--set', 'training.epochs=many'],
      /for training\.epochs but received "many"/,
    ],
    [
      'a setting without value',
      ['search', '--set', 'training'],
      /Expected key\.of\.setting=value for --set but received "training"/,
    ],
    [
      'a missing settings file',
      ['search', '--config', 'nowhere.yaml'],
      /Expected .* for --config but received no such file: nowhere\.yaml; npx pada-native config --list names those/,
    ],
    [
      'a folder that is no run',
      ['search', '--resume', 'nowhere'],
      /Expected a run folder with a config\.yaml but received nowhere/,
    ],
    [
      'a folder for settings',
      ['search', '--config', '.'],
      /Expected a readable YAML file for --config but received a folder: \.$/,
    ],
    [
      'a recipe of a retraining',
      ['search', '--config', 'retrain-smoke'],
      /Expected the settings of a search .* the recipe of a retraining: .*; use npx pada-native retrain --config$/,
    ],
    [
      'settings of a search to retrain',
      ['retrain', '--config', 'nasbench201-smoke'],
      /Expected the recipe of a retraining .* the settings of a search: .*; use npx pada-native search --config$/,
    ],
    [
      'settings of a search as an experiment',
      ['experiment', 'nasbench201-smoke'],
      /Expected the settings of an experiment .* the settings of a search: /,
    ],
    [
      'a kind under another name',
      ['search', '--set', 'method={kind: spos}'],
      /for method\.name but received nothing: write `name: spos`, not `kind: spos`/,
    ],
    [
      'a checkpoint that is not there',
      ['retrain', '--from', 'nowhere'],
      /run folder with a config\.yaml but received nowhere/,
    ],
    ['no run to rank', ['rank'], /Expected a run folder for rank but received none/],
    [
      'a method that is not there',
      ['search', '--set', 'method={name: magic}'],
      /Expected pada, spos, .*standalone for method\.name but received "magic"/,
    ],
  ])('%s', async (_name, args, sentence) => {
    const cwd = temporaryFolder()
    const outcome = await pada(args, { cwd })
    expectSentence(outcome, 2, sentence)
    expect(outcome.stdout).toBe('')
    expect(readdirSync(cwd)).toEqual([])
  })

  test('a version of Node that is not supported', async () => {
    const change = "Object.defineProperty(process.versions, 'node', { value: '21.7.3' })"
    const outcome = await pada(['doctor'], { node: ['--import', `data:text/javascript,${encodeURIComponent(change)}`] })
    expectSentence(outcome, 1, /: Expected Node 20 from 20\.19 on, or 22\.12 or newer, but received 21\.7\.3$/)
  })

  test('several mistakes are named together', async () => {
    const cwd = temporaryFolder()
    const outcome = await pada(['search', '--set', 'training.epochs=0', 'seed=-1', 'colour=red'], { cwd })
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain('training.epochs')
    expect(outcome.stderr).toContain('seed')
    expect(outcome.stderr).toContain('"colour"')
  })

  test.each([
    ['of the wrong length', '[3, 3, 3]', /Expected .*6.* but received .*3/],
    ['with an unknown operation', '[3, 3, 3, 3, 3, 9]', /but received .*9/],
    ['with an unknown operation by name', JSON.stringify(ARCH.replace('nor_conv_1x1', 'conv_7x7')), /conv_7x7/],
  ])('a path %s', async (_name, path, sentence) => {
    const cwd = temporaryFolder()
    const outcome = await pada(['search', ...tiny(`method={name: standalone, path: ${path}}`)], { cwd })
    expectSentence(outcome, 2, sentence)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('work that cannot be done: exit code 1', () => {
  test('missing data files', async () => {
    const cwd = temporaryFolder()
    const outcome = await pada(['search', ...tiny('data.format=idx', `data.dir=${join(cwd, 'images')}`)], { cwd })
    expectSentence(outcome, 1, /Expected .*images/)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('a truncated data file', async () => {
    const cwd = temporaryFolder()
    const data = join(cwd, 'images')
    copyEmbedded(data)
    const victim = join(data, readdirSync(data).find((name) => name.startsWith('train-images'))!)
    writeFileSync(victim, readFileSync(victim).subarray(0, 5000))
    const outcome = await pada(['search', ...tiny('data.format=idx', `data.dir=${data}`)], { cwd })
    expectSentence(outcome, 1, `Expected complete gzip data for ${victim} but received "unexpected end of file"`)
    expect(readdirSync(cwd)).toEqual(['images'])
  })

  test('an output folder below a file', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'file'), '')
    const outcome = await pada(['search', ...tiny(), '--out', 'file/run'], { cwd })
    const sentence = 'Expected a place that can be written to for file/run but received'
    expectSentence(outcome, 1, `${sentence} EEXIST: a file is where a folder should be`)
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toBe('')
  })

  test.skipIf(process.getuid?.() === 0)('an output folder without permission', async () => {
    const cwd = temporaryFolder()
    chmodSync(cwd, 0o500)
    const outcome = await pada(['search', ...tiny(), '--out', join(cwd, 'run')])
    chmodSync(cwd, 0o700)
    const sentence = `Expected a place that can be written to for ${join(cwd, 'run')} but received EACCES`
    expectSentence(outcome, 1, `${sentence}: this user may not write there`)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('no libtorch where LIBTORCH says', async () => {
    const cwd = temporaryFolder()
    const outcome = await pada(['search', ...tiny()], { cwd, env: { LIBTORCH: '/nonexistent' } })
    expectSentence(outcome, 1, /LIBTORCH.*\/nonexistent|\/nonexistent.*LIBTORCH/)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('PADA_DEBUG=1 adds the stack', async () => {
    const outcome = await pada(['search', '--set', 'training.epochs=0'], { env: { PADA_DEBUG: '1' } })
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/^\s+at /m)
  })
})

describe('a run folder stays intact', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pada-bad-input-'))
  const run = join(folder, 'run')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  beforeAll(async () => {
    const outcome = await pada(['train', ...tiny(), '--out', run])
    expect(outcome.code, outcome.stderr).toBe(0)
  })

  /** Runs a command that must fail and leave every byte of the run as it was. */
  async function expectRefused(args: readonly string[], code: 1 | 2, sentence: RegExp | string): Promise<void> {
    const before = fingerprint(run)
    expectSentence(await pada(args), code, sentence)
    expect(fingerprint(run)).toEqual(before)
  }

  function table(name: string, lines: readonly string[]): string {
    const file = join(folder, name)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return file
  }

  test('a checkpoint of another space', async () => {
    await expectRefused(['search', ...tiny('space.channels=8'), '--resume', run], 2, /space\.channels/)
  })

  test('a truncated checkpoint', async () => {
    const broken = join(folder, 'broken')
    mkdirSync(join(broken, 'checkpoint'), { recursive: true })
    for (const file of Object.keys(fingerprint(run))) copyFileSync(join(run, file), join(broken, file))
    const weights = Object.keys(fingerprint(broken)).find((file) => file.endsWith('.safetensors'))!
    writeFileSync(join(broken, weights), readFileSync(join(broken, weights)).subarray(0, 1000))
    const before = fingerprint(broken)
    expectSentence(await pada(['rank', broken]), 1, /Expected .*safetensors/)
    expect(fingerprint(broken)).toEqual(before)
  })

  test('a ground truth of unknown architectures', async () => {
    const file = table('unknown.csv', ['arch,accuracy', `${ARCH},0.8`, '|conv_9x9~0|,0.7'])
    await expectRefused(['rank', run, '--set', `groundTruth={file: ${file}}`], 1, /unknown\.csv.*3/)
  })

  test('a ground truth that names an architecture twice', async () => {
    const file = table('twice.csv', ['arch,accuracy', `${ARCH},0.8`, `${ARCH},0.7`])
    await expectRefused(
      ['rank', run, '--set', `groundTruth={file: ${file}}`],
      1,
      `Expected each architecture once in ${file} but received ${ARCH} again on line 3`,
    )
  })

  test('a ground truth without its column', async () => {
    const file = table('column.csv', ['arch,score', `${ARCH},0.8`])
    await expectRefused(
      ['rank', run, '--set', `groundTruth={file: ${file}}`],
      2,
      `Expected a column "accuracy" in ${file} but received arch, score`,
    )
  })

  test('a new run where one is', async () => {
    await expectRefused(
      ['search', ...tiny(), '--out', run],
      2,
      `Expected a new or empty folder for --out but received ${run}, which holds checkpoint; --resume continues a run`,
    )
  })

  test('settings of the training, changed afterwards', async () => {
    await expectRefused(['rank', run, '--set', 'training.epochs=3'], 2, /Expected a setting of ranking or groundTruth/)
  })

  test('and still ranks', async () => {
    const outcome = await pada(['rank', run, '--json'])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(resultOf(outcome).top).toHaveLength(10)
  })
})
