/** Runs the built command as users do: in another process, on the embedded data, with settings that take seconds. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ResultEvent, SearchEvent } from '../../src/search/events.js'
import { temporaryFolder } from './folders.js'
import { until } from './until.js'

export { temporaryFolder } from './folders.js'

/** The command as compiled. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** When something happens that a command does: the `times`-th time (default the first). */
export type Moment = { readonly times?: number } & (
  | {
      /** It has written an event with these properties. */
      readonly event: object
    }
  | {
      /** It is about to write to a file whose path ends like this. */
      readonly file: string
      readonly call: 'appendFile' | 'rename'
    }
)

interface PadaOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Options of Node itself. */
  readonly node?: readonly string[]
  /** Kills the command if it still runs. */
  readonly end?: AbortSignal
}

/** Runs a command to its end. */
export function pada(args: readonly string[], { env, cwd, node = [], end }: PadaOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [...node, MAIN, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  end?.addEventListener('abort', () => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** Runs a command with `--json` that is sent a signal at a moment of its work, however fast the machine is. */
export function interruptAt(args: readonly string[], signal: NodeJS.Signals, at: Moment): Promise<Outcome> {
  const hook = new URL('signal-itself.mjs', import.meta.url)
  hook.searchParams.set('of', JSON.stringify({ signal, at }))
  return pada([...args, '--json'], { node: ['--import', hook.href] })
}

/**
 * Starts a command that pauses before it first appends to a file whose path ends like this. Resolves once it pauses, to a
 * function that lets it go on to its end.
 */
export async function pausedAt(args: readonly string[], file: string): Promise<() => Promise<Outcome>> {
  const folder = temporaryFolder()
  const [reached, goOn] = ['reached', 'go-on'].map((name) => join(folder, name))
  const hook = new URL('pause-itself.mjs', import.meta.url)
  hook.search = new URLSearchParams({ file, reached, goOn }).toString()
  let ended = false
  // A test may fail before it lets the command go on.
  const end = new AbortController()
  onTestFinished(() => end.abort())
  const outcome = pada(args, { node: ['--import', hook.href], end: end.signal }).finally(() => {
    ended = true
  })
  await until(() => existsSync(reached) || ended)
  return () => {
    writeFileSync(goOn, '')
    return outcome
  }
}

/** Makes the lock that a killed process left in a run folder so old that it may be taken over. */
export function ageLock(run: string): void {
  utimesSync(join(run, 'writer.lock'), 0, 0)
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

/** Copies the files of the embedded images to a new folder. */
export function copyEmbedded(to: string): void {
  const embedded = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))
  mkdirSync(to)
  for (const name of readdirSync(embedded)) copyFileSync(join(embedded, name), join(to, name))
}
