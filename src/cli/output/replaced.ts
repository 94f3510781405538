/** Files that commands write: what they must not replace, and what is said of those that they replace. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isDevice } from '../../base/atomic.js'
import { expected } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { EVENT_LOG } from '../../runs/event-log.js'
import { isOwnFile } from '../../runs/run-folder.js'

/**
 * The name of a file that a command writes, with a remark if the file takes the place of an earlier one. To be called
 * before the file is written.
 *
 * @param inputs Files that the command reads.
 * @throws UserError for a file that a run needs, and for an input.
 */
export async function nameWithRemark(file: string, inputs: readonly string[] = []): Promise<string> {
  if (!(await exists(file)) || (await isDevice(file))) return file
  const path = await realpath(file)
  const folder = dirname(path)
  const run = basename(folder) === 'checkpoint' ? dirname(folder) : folder
  if (run !== folder ? await isRun(run) : isOwnFile(basename(path)) && (await isRun(run))) {
    throw expected('another name', 'the file to write', `${file}, which is the run's own`, 2)
  }
  for (const input of inputs) {
    if ((await realpath(input).catch(() => undefined)) !== path) continue
    throw expected('another name', 'the file to write', `${file}, which is read`, 2)
  }
  return `${file} (replaced)`
}

/** A `config.yaml` alone may be the user's own. */
async function isRun(folder: string): Promise<boolean> {
  return (await exists(join(folder, 'config.yaml'))) && (await exists(join(folder, EVENT_LOG)))
}
