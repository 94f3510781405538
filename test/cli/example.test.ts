import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './harness.js'

/** What an example prints, which may write to `folder`. */
async function runExample(name: string, folder: string): Promise<string> {
  const source = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))
  // Below the package, so that `pada-native` means this package, as it does for those who install it.
  const build = fileURLToPath(new URL('../../build', import.meta.url))
  mkdirSync(build, { recursive: true })
  const compiledFolder = mkdtempSync(join(build, 'example-'))
  onTestFinished(() => rmSync(compiledFolder, { recursive: true, force: true }))
  const compiled = join(compiledFolder, `${name}.mjs`)
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  })
  writeFileSync(compiled, outputText)
  const { stdout } = await promisify(execFile)(process.execPath, [compiled, folder])
  return stdout
}

const rankingOf = (run: string) => readFileSync(join(run, 'ranking.csv'), 'utf8').trimEnd().split('\n')

test('the example of a space of its own trains and ranks it', async () => {
  const run = join(temporaryFolder(), 'run')
  const stdout = await runExample('own-space', run)
  expect(stdout).toMatch(/^the space breaks no rule$/m)
  expect(stdout.match(/^epoch \d: loss \d\.\d{3}$/gm)).toHaveLength(4)
  expect(stdout.match(/^\d+\.\d % {2}(skip|conv3x3|conv5x5)( (skip|conv3x3|conv5x5)){2}$/gm)).toHaveLength(3)
  expect(rankingOf(run)).toHaveLength(28)
})

test('the example of a ported checkpoint ranks it', async () => {
  const folder = temporaryFolder()
  const stdout = await runExample('port-checkpoint', folder)
  expect(stdout).toMatch(/^81 tensors by the names of autodl, 4 biases of zero$/m)
  expect(stdout.match(/^\d+\.\d % {2}\|\S+~2\|$/gm)).toHaveLength(3)
  expect(rankingOf(join(folder, 'run'))).toHaveLength(21)
})
