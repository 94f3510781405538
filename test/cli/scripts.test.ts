/** The scripts that npm runs, that write pages of the documentation, and that fuzz, each run small. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { events, temporaryFolder, tiny } from '../support/harness.js'
import { script, scripts } from '../support/scripts.js'

describe('what npm runs', () => {
  test('start searches with the options that it is given', async () => {
    const out = join(temporaryFolder(), 'run')
    const outcome = await script('start.mjs', [...tiny('training.epochs=1'), '--json', '--out', out])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(events({ ...outcome, code: 0, signal: null }).at(-1)).toMatchObject({ event: 'result', run: out })
  })

  test('setup ends with a machine that is ready', async () => {
    const { code, stderr } = await script('setup.mjs')
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^Ready: libtorch 2\.\d+\.\d+/m)
  })
})

test('docs/settings writes the page and the schemas that are kept', async () => {
  const folder = temporaryFolder()
  const { code, stderr } = await script('docs/settings.mjs', [folder])
  expect(code, stderr).toBe(0)
  for (const name of ['docs/settings.md', 'configs/schema.json', 'configs/experiments/schema.json']) {
    expect(readFileSync(join(folder, name), 'utf8'), name).toBe(readFileSync(join(scripts, '..', name), 'utf8'))
  }
})

test('docs/reference writes the pages that are kept', async () => {
  const folder = temporaryFolder()
  const { code, stderr } = await script('docs/reference.mjs', [folder])
  expect(code, stderr).toBe(0)
  for (const name of ['docs/command-line.md', 'docs/events.md']) {
    expect(readFileSync(join(folder, name), 'utf8'), name).toBe(readFileSync(join(scripts, '..', name), 'utf8'))
  }
})

test.each(['checkpoints', 'tables', 'configs', 'programs'])(
  'fuzz/%s finds nothing wrong in 200 cases',
  async (name) => {
    const { code, stdout, stderr } = await script(`fuzz/${name}.mjs`, ['--cases', '200', '--seed', '7'])
    expect(code, stdout + stderr).toBe(0)
    const [refused, read] = /^200 cases in \d+ s: (\d+) refused, (\d+) read, 0 wrong$/m
      .exec(stdout)!
      .slice(1)
      .map(Number)
    expect(refused).toBeGreaterThan(0)
    expect(read).toBeGreaterThan(0)
  },
)

test('fuzz/workers ends workers that search, train, sum and call, one of them per round', async () => {
  const { code, stdout, stderr } = await script('fuzz/workers.mjs', ['--rounds', '4'])
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/^4 rounds, \d+ workers ended: the same numbers afterwards$/m)
})
