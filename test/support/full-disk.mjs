/**
 * Loaded before a command with `--import`: from the `times`-th opening on, the disk is full for files whose path
 * has the text `file`. The query of this module's address names both.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const file = new URL(import.meta.url).searchParams.get('file') ?? ''
let left = Number(new URL(import.meta.url).searchParams.get('times'))
const open = fs.promises.open
/** @type {(...args: any[]) => Promise<any>} */
const refusing = async (path, ...rest) => {
  if (String(path).includes(file) && --left <= 0) {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path })
  }
  return open(path, ...rest)
}
Object.assign(fs.promises, { open: refusing })
syncBuiltinESMExports()
