/** Sees every call of this process that writes to files, before it happens and after. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/**
 * A call that writes. Paths are as the program gave them.
 *
 * @typedef {{ call: 'mkdir' | 'create' | 'unlink' | 'sync', path: string }
 *   | { call: 'write' | 'append', path: string, data: Uint8Array }
 *   | { call: 'truncate', path: string, bytes: number }
 *   | { call: 'rename', path: string, to: string }} Write
 */

/** Calls that take room on a disk. */
export const FILLING = ['mkdir', 'create', 'write', 'append']

/**
 * True for the files of a run that it goes on without.
 *
 * @param {string} path
 */
export const isProgress = (path) => /(progress\.json|steps\.jsonl)[^/\\]*$/.test(path)

/**
 * Calls `before` with every write, which may throw in its place, and `after` when it is done. Returns a function that
 * ends it.
 *
 * @param {(write: Write) => void} before
 * @param {(write: Write) => void} [after]
 */
export async function watchWrites(before, after = () => {}) {
  const { mkdir, rename, rm, appendFile, writeFile: writeNamed, truncate, open } = fs.promises
  /** @type {Record<string, (...args: any[]) => Promise<any>>} */
  const original = { mkdir, rename, rm, appendFile, writeFile: writeNamed, truncate, open }
  /** @type {WeakMap<object, string>} */
  const paths = new WeakMap()
  const around = async (/** @type {Write} */ write, /** @type {() => Promise<any>} */ work) => {
    before(write)
    const result = await work()
    after(write)
    return result
  }
  /** @type {Record<string, (...args: any[]) => Promise<any>>} */
  const replaced = {
    mkdir: (path, options) =>
      options?.recursive ? original.mkdir(path, options) : around({ call: 'mkdir', path }, () => original.mkdir(path)),
    rename: (path, to) => around({ call: 'rename', path, to }, () => original.rename(path, to)),
    rm: (path, options) => around({ call: 'unlink', path }, () => original.rm(path, options)),
    appendFile: (path, text) =>
      around({ call: 'append', path, data: Buffer.from(text) }, () => original.appendFile(path, text)),
    writeFile: async (path, text) => {
      await around({ call: 'create', path }, async () => {})
      return around({ call: 'write', path, data: Buffer.from(text) }, () => original.writeFile(path, text))
    },
    truncate: (path, bytes) => around({ call: 'truncate', path, bytes }, () => original.truncate(path, bytes)),
    open: async (path, flags, ...rest) => {
      const work = () => original.open(path, flags, ...rest)
      const handle = await (flags === 'w' ? around({ call: 'create', path }, work) : work())
      paths.set(handle, path)
      return handle
    },
  }
  const probe = await original.open('.', 'r')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  const { writeFile, sync } = prototype
  /** @this {object} */
  prototype.writeFile = function (/** @type {Uint8Array} */ data) {
    const path = paths.get(this)
    const work = () => writeFile.call(this, data)
    return path === undefined ? work() : around({ call: 'write', path, data: Uint8Array.from(data) }, work)
  }
  /** @this {object} */
  prototype.sync = function () {
    const path = paths.get(this)
    return path === undefined ? sync.call(this) : around({ call: 'sync', path }, () => sync.call(this))
  }
  Object.assign(fs.promises, replaced)
  syncBuiltinESMExports()
  return () => {
    Object.assign(prototype, { writeFile, sync })
    Object.assign(fs.promises, original)
    syncBuiltinESMExports()
  }
}
