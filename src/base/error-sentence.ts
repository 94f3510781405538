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
  const memory = OUT_OF_MEMORY.exec(error.message)
  if (memory !== null) {
    const size = memory[1] === undefined ? (memory[2] ?? 'it') : `${(Number(memory[1]) / 1e9).toFixed(1)} GB`
    const free = FREE_ON_GPU.exec(error.message)
    const received = free === null ? 'less' : `${free[1]} free on the GPU`
    return `Expected enough memory for ${size} but received ${received}: smaller batches, images or networks need less`
  }
  if (NO_CODE_FOR_GPU.test(error.message)) {
    return 'Expected a GPU that this libtorch has code for but received one of another architecture: choose another libtorch'
  }
  const code = (error as NodeJS.ErrnoException).code
  const path = (error as NodeJS.ErrnoException).path
  if (error instanceof UserError || code === undefined || path === undefined) return error.message
  return FILE_SYSTEM[code]?.(path) ?? error.message
}

/** Words of libtorch, CUDA, C++ and V8 for memory that does not suffice. The groups are its size in bytes, or as text. */
const OUT_OF_MEMORY =
  /you tried to allocate (\d+) bytes|CUDA out of memory. Tried to allocate ([\d.]+ \w+)|^std::bad_alloc$|^Array buffer allocation failed$/

/** What CUDA says of a GPU for whose architecture torch was not compiled. */
const NO_CODE_FOR_GPU = /no kernel image is available for execution on the device/

/** What torch says of the memory of a GPU. */
const FREE_ON_GPU = /of which ([\d.]+ \w+) is free/

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
