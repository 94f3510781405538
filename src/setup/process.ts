/** Runs the programs that set-up needs. */
import { spawn } from 'node:child_process'
import { onExit } from 'signal-exit'
import { environment } from '../base/environment.js'

export interface RunOptions {
  readonly show?: boolean
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/**
 * Resolves when `command` has succeeded. Its output goes to stderr if `show` or PADA_DEBUG is set; otherwise an error
 * has the last lines. The command is killed when this process exits, is ended by a signal, or `signal` aborts, with all
 * processes that it has started.
 *
 * @throws Error if the command fails; the signal's reason after an abort.
 */
export async function run(
  command: string,
  args: readonly string[],
  { show = false, cwd, env, signal }: RunOptions = {},
): Promise<void> {
  signal?.throwIfAborted()
  const output = show || environment().debug ? 2 : 'pipe'
  let leader: number | undefined
  // A build is a tree of processes. Those that outlive the first would go on, and keep its output open.
  const stop = () => killGroup(leader)
  // Before the start: a signal that comes meanwhile would end this process alone.
  const forget = onExit(stop)
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', output, output], detached: true })
  leader = child.pid
  signal?.addEventListener('abort', stop)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-8_000)
    })
  }
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code === 'ENOENT' ? 'not found' : message))
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  forget()
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (status === 0) return
  const tail = text.trim().split('\n').slice(-25).join('\n')
  throw new Error(`${command} failed (${status})${tail === '' ? '' : `:\n${tail}`}`)
}

/** Ends all processes of a group, unless it is gone already. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
