import { UserError } from './errors.js'

/** Characters of a line, which may quote a value that a user gave. */
const LONGEST = 2_000

/** An error in the words that a user sees. Errors of the file system become sentences, and long lines are shortened. */
export function errorSentence(error: unknown): string {
  return sentence(error).split('\n').map(shortened).join('\n')
}

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
