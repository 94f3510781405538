/** The end of a process: a script that calls `process.exit()` while the addon computes, and output to a full disk. */
import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MAIN, temporaryFolder, tiny } from '../support/harness.js'

const PACKAGE = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
// Six channels, because the addon has no convolutions of its own for them: a step is in the midst of libtorch's. In
// SPOS, the next step computes while the script gets the events of the last one.
const SCRIPT = `
  import { ensureNative, loadConfig, search } from ${PACKAGE}
  await ensureNative()
  const config = await loadConfig({ set: ['method={name: spos}', 'space.channels=6', 'threads=1'] })
  let steps = 0
  for await (const { event } of search(config, { out: process.argv[1] })) {
    if (event === 'step' && ++steps === 2) process.exit(7)
  }
`

test('exits with its code, though a step still computes', async () => {
  const script = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, join(temporaryFolder(), 'run')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  script.stderr.on('data', (text) => {
    said += text
  })
  const ended = await new Promise((resolve) => script.on('close', (code, signal) => resolve({ code, signal, said })))
  expect(ended).toEqual({ code: 7, signal: null, said: '' })
})

test.skipIf(!existsSync('/dev/full'))('standard output that takes no result is no success', async () => {
  const cost = spawn(process.execPath, [MAIN, 'cost', '3,3,3,3,3,3'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  })
  let said = ''
  cost.stderr?.on('data', (text) => {
    said += text
  })
  expect(await new Promise((resolve) => cost.on('close', resolve))).toBe(1)
  expect(said).toMatch(
    /^pada-native: Expected standard output that takes results but received ENOSPC: the disk is full\n$/,
  )
})

test('a signal ends the programs that set-up has started', async () => {
  const module = (name: string) => JSON.stringify(new URL(`../../dist/${name}.js`, import.meta.url).href)
  const script = `
    import { endAtSignals } from ${module('cli/signals')}
    import { run } from ${module('setup/process')}
    endAtSignals()
    const child = ['-e', 'console.error(0); setInterval(() => {}, 60_000)']
    await run(process.execPath, child, { show: true })
  `
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise((resolve) => parent.stderr.once('data', resolve))
  const ended = new Promise((resolve) => parent.on('close', resolve))
  parent.kill('SIGINT')
  // The pipe closes when the last process that holds it, which is the child, has ended.
  expect(await ended).toBe(130)
})

test.skipIf(!existsSync('/dev/full'))(
  'standard output that takes nothing: one sentence, and the run is saved',
  async () => {
    const run = join(temporaryFolder(), 'run')
    const args = [MAIN, 'search', ...tiny('training.epochs=200'), '--json', '--out', run]
    const search = spawn(process.execPath, args, { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] })
    let said = ''
    search.stderr?.on('data', (text) => {
      said += text
    })
    const code = await new Promise((resolve) => search.on('close', resolve))
    expect(said).toMatch(
      /^pada-native: Expected standard output that takes results but received ENOSPC: the disk is full\n$/m,
    )
    expect(said).not.toContain('    at ')
    expect(code).toBe(1)
    expect(existsSync(join(run, 'checkpoint', 'state.json'))).toBe(true)
    const last = readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n').at(-1)!
    expect(JSON.parse(last)).toMatchObject({ event: 'stopped', why: 'failed' })
  },
)

const DEAF: [string, () => number | 'pipe'][] = [
  ['is closed', () => 'pipe'],
  ...(existsSync('/dev/full') ? [['is full', () => openSync('/dev/full', 'w')] as [string, () => number]] : []),
]

test.each(DEAF)('a search goes on to its result if standard error %s', async (_, place) => {
  const args = [MAIN, 'search', ...tiny(), '--json', '--out', join(temporaryFolder(), 'run')]
  const search = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', place()] })
  search.stderr?.destroy()
  let written = ''
  search.stdout?.on('data', (text) => {
    written += text
  })
  expect(await new Promise((resolve) => search.on('close', resolve))).toBe(0)
  expect(JSON.parse(written.trimEnd().split('\n').at(-1)!)).toMatchObject({ event: 'result' })
})
