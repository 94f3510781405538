import { UserError } from '../base/errors.js'
import { INTERRUPTED, isAbort } from './signals.js'

/**
 * Writes an error as the one sentence that the user sees; nothing else does. With `debug`, stack and causes follow.
 * Returns the exit code: 1 failed, 2 wrong usage, 130 interrupted.
 */
export function reportError(error: unknown, options: { debug: boolean; write: (line: string) => void }): number {
  if (isAbort(error)) return INTERRUPTED
  options.write(`pada-native: ${sentence(error).split('\n').map(shortened).join('\n')}`)
  if (options.debug && error instanceof Error) options.write(stackOf(error))
  return error instanceof UserError ? error.exitCode : 1
}

/** Characters of a line, which may quote a value that a user gave. */
const LONGEST = 2_000

/** A line without its middle if it is too long to read: the end often says what to do. */
function shortened(line: string): string {
  if (line.length <= LONGEST) return line
  const left = line.length - LONGEST
  return `${line.slice(0, LONGEST / 2)}… (${left} more characters) …${line.slice(-LONGEST / 2)}`
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  const path = (error as NodeJS.ErrnoException).path
  if (error instanceof UserError || code === undefined || path === undefined) return error.message
  return FILE_SYSTEM[code]?.(path) ?? error.message
}

/** Sentences for system errors that a user can fix, by code. */
const FILE_SYSTEM: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `Expected permission for ${path} but the system refused it`,
  EPERM: (path) => `Expected permission for ${path} but the system refused it`,
  EROFS: (path) => `Expected a writable place for ${path} but its file system is read-only`,
  ENOENT: (path) => `Expected a file or folder at ${path} but there is none`,
  ENOTDIR: (path) => `Expected a folder on the way to ${path} but a file is in its place`,
  EISDIR: (path) => `Expected a file at ${path} but it is a folder`,
  ENOSPC: (path) => `Expected free space for ${path} but the disk is full`,
}

function stackOf(error: Error): string {
  const stack = error.stack ?? String(error)
  return error.cause instanceof Error ? `${stack}\nCaused by ${stackOf(error.cause)}` : stack
}
