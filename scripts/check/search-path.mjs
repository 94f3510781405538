/** The search path of a library for Linux on x64, which is a file of ELF64. */

const SECTION = { size: 64, type: 4, offset: 24, length: 32, link: 40 }
const DYNAMIC = 6
const RPATH = 15
const RUNPATH = 29

/**
 * The library with another search path in the place of its own, which must not be shorter.
 *
 * @param {Buffer} library
 * @param {string} path
 * @returns {Buffer}
 */
export function replaceSearchPath(library, path) {
  if (library.toString('latin1', 1, 4) !== 'ELF') throw new Error('it is no library for Linux')
  const sections = Number(library.readBigUInt64LE(0x28))
  const section = (/** @type {number} */ index) => {
    const at = sections + index * SECTION.size
    return {
      type: library.readUInt32LE(at + SECTION.type),
      offset: Number(library.readBigUInt64LE(at + SECTION.offset)),
      length: Number(library.readBigUInt64LE(at + SECTION.length)),
      link: library.readUInt32LE(at + SECTION.link),
    }
  }
  const all = Array.from({ length: library.readUInt16LE(0x3c) }, (_, index) => section(index))
  const dynamic = all.find(({ type }) => type === DYNAMIC)
  if (dynamic === undefined) throw new Error('it has no dynamic section')
  const strings = section(dynamic.link).offset
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.length; at += 16) {
    const tag = Number(library.readBigInt64LE(at))
    if (tag !== RPATH && tag !== RUNPATH) continue
    const start = strings + Number(library.readBigUInt64LE(at + 8))
    const room = library.indexOf(0, start) - start
    const bytes = Buffer.byteLength(path)
    if (bytes > room) throw new Error(`its search path has room for ${room} bytes, and ${path} has ${bytes}`)
    const replaced = Buffer.from(library)
    replaced.fill(0, start, start + room).write(path, start)
    return replaced
  }
  throw new Error('it has no search path')
}
