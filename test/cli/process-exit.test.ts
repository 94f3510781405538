/** A script that calls `process.exit()` while the addon computes. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/harness.js'

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
