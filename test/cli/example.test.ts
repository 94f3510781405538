/** The examples do what they say: run as users run them, against the package by its name. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pada, temporaryFolder } from '../support/harness.js'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))
/** Below the package, so that `pada-native` means this package, as it does for those who install it. */
const compiled = fileURLToPath(new URL('../../build/examples', import.meta.url))

beforeAll(() => {
  mkdirSync(compiled, { recursive: true })
  for (const file of readdirSync(examples)) {
    const { outputText } = ts.transpileModule(readFileSync(join(examples, file), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    })
    writeFileSync(join(compiled, file.replace(/\.ts$/, '.mjs')), outputText)
  }
})
afterAll(() => rmSync(compiled, { recursive: true, force: true }))

/** Resolves to what an example prints; `out` is the folder that it is told. */
async function run(example: string, out = join(temporaryFolder(), 'out')): Promise<string> {
  const options = { cwd: temporaryFolder() }
  return (await promisify(execFile)(process.execPath, [join(compiled, `${example}.mjs`), out], options)).stdout
}

test('the shortest script searches', async () => {
  const lines = (await run('search')).trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^1 2\.\d+ \d\.\d+(e-\d+)?$/)
  expect(lines[2]).toMatch(/^-?0\.\d+ \|.*\|$/)
})

test('the parts of a search train, rank, and find within a limit', async () => {
  const stdout = await run('in-parts')
  expect(stdout.match(/^epoch \d: loss 2\.\d{3}$/gm)).toHaveLength(3)
  expect(stdout.match(/^ranked \|.*\|: 0\.\d{3}$/gm)).toHaveLength(10)
  const found = [...stdout.matchAll(/^found \|.*\|: (0\.\d{3}), (\d+) multiply-adds$/gm)]
  expect(found.length).toBeGreaterThan(0)
  for (const [, , multiplyAdds] of found) expect(Number(multiplyAdds)).toBeLessThanOrEqual(300_000)
})

test('a space of one’s own is checked, trained and ranked', async () => {
  const out = join(temporaryFolder(), 'run')
  const stdout = await run('own-space', out)
  expect(stdout).toMatch(/^the space breaks no rule$/m)
  expect(stdout.match(/^epoch \d: loss \d\.\d{3}$/gm)).toHaveLength(4)
  expect(stdout.match(/^\d+\.\d % {2}(skip|conv3x3|conv5x5)( (skip|conv3x3|conv5x5)){2}$/gm)).toHaveLength(3)
  expect(readFileSync(join(out, 'ranking.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(28)
  // Commands do not know the space: they must not take its paths for those of another.
  const ranked = await pada(['rank', out])
  expect(ranked.stderr).toContain('received one of three-layers: only a script knows that space')
  expect(ranked.code).toBe(1)
  const retrained = await pada(['retrain', '--from', out])
  expect(retrained.stderr).toContain('received three-layers, which scripts alone know')
  expect(retrained.code).toBe(2)
})

test('one architecture is trained alone', async () => {
  expect(await run('retrain')).toMatch(/^epoch 0: test accuracy 0\.\d{3}\nepoch 1: test accuracy 0\.\d{3}\n$/)
})

test('two methods are compared in a table and a figure', async () => {
  const out = join(temporaryFolder(), 'comparison')
  const stdout = await run('compare-methods', out)
  expect(stdout.match(/^\d of 4: (spos|pada)-seed[01], \d+\.\d s$/gm)).toHaveLength(4)
  for (const method of ['SPOS', 'PA&DA']) {
    expect(stdout).toMatch(new RegExp(`^${method} +-?0\\.\\d{3} ± 0\\.\\d{3} +0\\.\\d{6} ± 0\\.\\d{6} *$`, 'm'))
  }
  expect(readFileSync(join(out, 'methods.svg'), 'utf8')).toMatch(/^<svg /)
})

test('images of one’s own are searched on, and more than chance is learned of four classes', async () => {
  const out = join(temporaryFolder(), 'own-data')
  const stdout = await run('own-data', out)
  const accuracies = [...stdout.matchAll(/^(\d+\.\d) % {2}\|/gm)].map(([, percent]) => Number(percent))
  expect(accuracies).toHaveLength(3)
  // Of 200 test images chance gets 25 % ± 3.1; the example is fixed by its seeds.
  expect(accuracies[0]).toBeGreaterThan(40)
  // Its run does not keep them, and its settings name others.
  const refused = await pada(['retrain', '--from', out])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(
    'Expected images that settings name for --from but received images that a script gave',
  )
})

test('a run that was stopped goes on to the same numbers', async () => {
  expect(await run('continue-a-run')).toBe(
    'stopped after two epochs\ncontinuing at epoch 2\ncontinued and unbroken run are equal\n',
  )
})

test('a method of one’s own learns what it draws from', async () => {
  const stdout = await run('own-method')
  const shares = [...stdout.matchAll(/^epoch \d: loss \d\.\d{3}, operations (.*)$/gm)].map(([, text]) =>
    text.split(' '),
  )
  expect(shares).toHaveLength(3)
  for (const epoch of shares) expect(epoch.reduce((sum, share) => sum + Number(share), 0)).toBeCloseTo(1, 1)
  expect(shares[2]).not.toEqual(shares[0])
})

test('a ported checkpoint is ranked', async () => {
  const out = join(temporaryFolder(), 'ported')
  const stdout = await run('port-checkpoint', out)
  expect(stdout).toMatch(/^81 tensors by the names of autodl, 4 biases of zero$/m)
  expect(stdout.match(/^\d+\.\d % {2}\|\S+~2\|$/gm)).toHaveLength(3)
  expect(
    readFileSync(join(out, 'run', 'ranking.csv'), 'utf8')
      .trimEnd()
      .split('\n'),
  ).toHaveLength(21)
})
