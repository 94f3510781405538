/** Runs the built command as users do, in another process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ResultEvent, SearchEvent } from '../../src/search/events.js'

export { temporaryFolder } from './folders.js'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Outcome>
}

export function start(args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const finished = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, finished }
}

export function pada(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  return start(args, options).finished
}

/** Starts a command with `--json` and sends it a signal at the first event that `when` accepts. */
export async function interruptAt(
  args: readonly string[],
  signal: NodeJS.Signals,
  when: (event: SearchEvent) => boolean,
): Promise<Outcome> {
  const { child, finished } = start([...args, '--json'])
  let sent = false
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (sent || !when(JSON.parse(line))) return
    sent = true
    child.kill(signal)
  })
  return finished
}

/** Parses standard output of `--json`. Throws if a line is not JSON. */
export function events(outcome: Outcome): SearchEvent[] {
  return outcome.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

export function resultOf(outcome: Outcome): ResultEvent {
  const last = events(outcome).at(-1)
  if (last?.event !== 'result') throw new Error(`Expected a result but received:\n${outcome.stdout}\n${outcome.stderr}`)
  return last
}

/** A result without the fields that differ between equal runs: run folder and seconds. */
export function comparable({ run: _run, seconds: _seconds, ...rest }: ResultEvent): object {
  return rest
}

/** Arguments of a search that takes a second, see `tiny.yaml`; `settings` are further `key=value`. */
export function tiny(...settings: string[]): string[] {
  const set = settings.length > 0 ? ['--set', ...settings] : []
  return ['--config', fileURLToPath(new URL('../cli/tiny.yaml', import.meta.url)), ...set]
}

/** Hash of every file under a folder, by relative path. A folder with an equal fingerprint is unchanged. */
export function fingerprint(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(folder.length), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  )
}
