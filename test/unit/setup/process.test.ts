import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '../../../src/setup/process.js'
import { isAlive } from '../../support/alive.js'
import { temporaryFolder } from '../../support/folders.js'
import { until } from '../../support/until.js'

it('ends a command with all that it has started when aborted', async () => {
  const file = join(temporaryFolder(), 'pid')
  const controller = new AbortController()
  // As cmake-js starts make, which starts a compiler: the last one holds the output open.
  const work = run('sh', ['-c', `sh -c 'sleep 1000 & echo $! > ${file}; wait'; true`], { signal: controller.signal })
  const ended = expect(work).rejects.toThrow('enough')
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  const compiler = Number(readFileSync(file, 'utf8'))
  controller.abort(new Error('enough'))
  await ended
  await until(() => !isAlive(compiler))
})

it('says what a command wrote last', async () => {
  await expect(run('sh', ['-c', 'echo no room >&2; exit 3'])).rejects.toThrow('sh failed (3):\nno room')
  await expect(run('no-such-program', [])).rejects.toThrow('no-such-program failed (not found)')
  await run('true', [])
})
