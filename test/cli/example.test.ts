import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './harness.js'

test('the example of a space of its own trains and ranks it', async () => {
  const source = fileURLToPath(new URL('../../examples/own-space.ts', import.meta.url))
  // Below the package, so that `pada-native` means this package, as it does for those who install it.
  const folder = fileURLToPath(new URL('../../build/examples', import.meta.url))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const compiled = join(folder, 'own-space.mjs')
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  })
  writeFileSync(compiled, outputText)

  const run = join(temporaryFolder(), 'run')
  const { stdout } = await promisify(execFile)(process.execPath, [compiled, run])
  expect(stdout).toMatch(/^the space breaks no rule$/m)
  expect(stdout.match(/^epoch \d: loss \d\.\d{3}$/gm)).toHaveLength(4)
  expect(stdout.match(/^\d+\.\d % {2}(skip|conv3x3|conv5x5)( (skip|conv3x3|conv5x5)){2}$/gm)).toHaveLength(3)
  expect(readFileSync(join(run, 'ranking.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(28)
})
