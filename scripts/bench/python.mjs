/** The Python that runs the PyTorch side: one that is given, or a virtual environment in the package's cache. */
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from 'pada-native'
import { environment } from '#dist/base/environment.js'
import { cacheRoot } from '#dist/base/folders.js'
import { withLock } from '#dist/base/lock.js'
import { run } from '#dist/setup/process.js'
import { pythonCommand } from '#dist/setup/python.js'

/**
 * Makes the environment for this torch version if there is none yet; resolves to its interpreter.
 *
 * @param {string} version
 * @param {(line: string) => void} log
 */
export function pythonWithTorch(version, log) {
  const folder = join(cacheRoot(), `pytorch-${version}`)
  const python = join(folder, 'bin', 'python')
  const finished = join(folder, 'finished')
  const waiting = () => log('Waiting for another process that is installing PyTorch')
  return withLock(folder, waiting, async () => {
    if (existsSync(finished)) return python
    if (environment().offline) {
      throw new UserError(`Expected PyTorch ${version} in ${folder} but PADA_OFFLINE forbids to install it`)
    }
    log(`Installing PyTorch ${version} into ${folder} with pip (once)`)
    await rm(folder, { recursive: true, force: true })
    const install = ['-m', 'pip', 'install', '--disable-pip-version-check', `torch==${version}`, 'numpy']
    try {
      await run(pythonCommand(), ['-m', 'venv', folder])
      await run(python, install, { show: process.stderr.isTTY })
    } catch (error) {
      const { message } = /** @type {Error} */ (error)
      const reason = message.trim().split('\n').at(-1)
      throw new UserError(
        `Expected pip to install PyTorch ${version} (or --python with one that has it) but: ${reason}`,
      )
    }
    await writeFile(finished, '')
    return python
  })
}
