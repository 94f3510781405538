/**
 * Commands on the pages do what they promise. A block of `sh` runs as it stands, in a folder with the runs that pages
 * speak of, unless its first line says what it needs.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pada, temporaryFolder } from '../support/harness.js'
import { type Block, blocksOf, pages, root } from '../support/pages.js'

const blocks = pages.flatMap(blocksOf)
const shell = blocks.filter(({ language }) => language === 'sh')
const python = blocksOf('docs/read-from-python.md').filter(({ code }) => code.startsWith('import csv'))

const prepared = mkdtempSync(join(tmpdir(), 'pada-pages-'))
afterAll(() => rmSync(prepared, { recursive: true }))
/** Folder of a search that pages call `runs/first`. */
const first = join(prepared, 'first')
/** Folder with `npx`, which starts the command of this package. */
const bin = join(prepared, 'bin')

beforeAll(async () => {
  const outcome = await pada(['search', '--config', 'nasbench201-smoke', '--out', first])
  if (outcome.code !== 0) throw new Error(outcome.stderr)
  mkdirSync(bin)
  const main = join(root, 'dist', 'cli', 'main.js')
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(join(bin, 'npx'), 0o755)
})

/** A folder as a reader has it who has made two runs. */
function readersFolder(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'runs'))
  for (const name of ['first', 'uniform']) cpSync(first, join(folder, 'runs', name), { recursive: true })
  return folder
}

function run(program: string, args: readonly string[], cwd: string): { code: number | null; output: string } {
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

const byPage = (list: readonly Block[]) => [...new Set(list.map(({ page }) => page))]

describe('commands on pages', () => {
  const free = shell.filter(({ needs }) => needs === undefined)

  it('are run, or say what they need', () => {
    expect(free.length).toBeGreaterThan(15)
    for (const { page, line, code } of free)
      expect(code, `${page}:${line}`).toMatch(/^(?:npx pada-native .*(?:\\\n.*)*\n)+$/)
    for (const { page, line, needs } of shell.filter(({ needs }) => needs)) {
      expect(needs, `${page}:${line}`).toMatch(
        /clone|network|images|table|file|browser|minute|hour|day|CIFAR-10|checkpoint|TensorBoard|torch|experiment/,
      )
    }
  })

  it.each(byPage(free))('%s', (page) => {
    const folder = readersFolder()
    for (const { code, line } of free.filter((block) => block.page === page)) {
      // Where a page makes a run of these names, it is the page's.
      for (const [, name] of code.matchAll(/--out runs\/(first|uniform)\b/g))
        rmSync(join(folder, 'runs', name), { recursive: true })
      const outcome = run('sh', ['-e', '-c', code], folder)
      expect(outcome.code, `${page}:${line}\n${code}\n${outcome.output}`).toBe(0)
    }
  })
})

it('ten lines of Python read a run', ({ skip }) => {
  if (spawnSync('python3', ['--version']).status !== 0) skip('there is no Python')
  const [block] = python
  const { code, output } = run('python3', ['-c', block.code], readersFolder())
  expect(code, output).toBe(0)
  expect(output).toMatch(/^loss by epoch \[[\d., ]+\]\nKendall tau None of 20 sub-models\n(\d(,\d){5} 0\.\d+ \n){3}$/)
})
