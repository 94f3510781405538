/**
 * What a disk may hold after a power cut. Names in a folder reach it in their order, but those of two folders in any.
 * So do the bytes of files, of which the last ones may be zeros. Only what was synced is sure to be there: of a file its
 * bytes, of a folder its names.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

class File {
  /** @type {Buffer[]} Contents after each write, the first empty. */
  contents = [Buffer.alloc(0)]
  synced = 0

  get now() {
    return this.contents[this.contents.length - 1]
  }

  /** @param {import('./mutate.mjs').RandomSource} random */
  afterCut(random) {
    const at = this.synced + random.below(this.contents.length - this.synced)
    const content = this.contents[at]
    const next = this.contents[at + 1]
    if (next === undefined || next.length <= content.length) return content
    // The write that was under way: some of its bytes, or zeros in their place.
    const torn = Buffer.from(next.subarray(0, content.length + random.below(next.length - content.length + 1)))
    if (random.below(3) === 0) torn.fill(0, content.length)
    return torn
  }
}

class Folder {
  /** @type {Map<string, File | Folder>[]} Names after each change, at first none. */
  names = [new Map()]
  synced = 0

  get now() {
    return this.names[this.names.length - 1]
  }

  /** @param {(names: Map<string, File | Folder>) => void} change */
  change(change) {
    const names = new Map(this.now)
    change(names)
    this.names.push(names)
  }
}

/**
 * Writes into the empty folder `to` what may be left of `root` if the power fails after some writes.
 *
 * @param {readonly import('./writes.mjs').Write[]} writes
 * @param {string} root
 * @param {string} to
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function cutPower(writes, root, to, random) {
  const top = new Folder()
  for (const write of writes) {
    const path = relative(root, write.path)
    if (path === '' ? write.call === 'sync' : !path.startsWith('..')) apply(top, path, write)
  }
  restore(top, to, random)
}

/**
 * @param {Folder} top
 * @param {string} path
 * @param {import('./writes.mjs').Write} write
 */
function apply(top, path, write) {
  const name = basename(path)
  const node = path === '' ? top : find(top, path)
  const parent = find(top, dirname(path))
  switch (write.call) {
    case 'mkdir':
      folder(parent).change((names) => names.set(name, new Folder()))
      break
    case 'create':
      folder(parent).change((names) => names.set(name, new File()))
      break
    case 'append':
      if (node === undefined) folder(parent).change((names) => names.set(name, new File()))
      file(find(top, path)).contents.push(Buffer.concat([file(find(top, path)).now, write.data]))
      break
    case 'write':
      file(node).contents.push(Buffer.concat([file(node).now, write.data]))
      break
    case 'truncate':
      file(node).contents.push(file(node).now.subarray(0, write.bytes))
      break
    case 'rename': {
      const to = basename(write.to)
      folder(parent).change((names) => {
        const moved = names.get(name)
        if (moved === undefined || dirname(write.to) !== dirname(write.path)) throw new Error(`no rename of ${path}`)
        names.delete(name)
        names.set(to, moved)
      })
      break
    }
    case 'unlink':
      if (node === undefined) return
      if (node instanceof Folder) for (const each of node.now.keys()) node.change((names) => names.delete(each))
      folder(parent).change((names) => names.delete(name))
      break
    case 'sync':
      if (node instanceof Folder) node.synced = node.names.length - 1
      else if (node !== undefined) node.synced = node.contents.length - 1
  }
}

/**
 * @param {Folder} top
 * @param {string} path
 * @returns {File | Folder | undefined}
 */
function find(top, path) {
  /** @type {File | Folder | undefined} */
  let node = top
  for (const name of path.split('/')) if (name !== '.') node = node instanceof Folder ? node.now.get(name) : undefined
  return node
}

/** @param {File | Folder | undefined} node */
function folder(node) {
  if (node instanceof Folder) return node
  throw new Error('Expected a folder that the process made')
}

/** @param {File | Folder | undefined} node */
function file(node) {
  if (node instanceof File) return node
  throw new Error('Expected a file that the process made')
}

/**
 * @param {Folder} from
 * @param {string} to
 * @param {import('./mutate.mjs').RandomSource} random
 */
function restore(from, to, random) {
  mkdirSync(to, { recursive: true })
  const names = from.names[from.synced + random.below(from.names.length - from.synced)]
  for (const [name, node] of names) {
    if (node instanceof File) writeFileSync(join(to, name), node.afterCut(random))
    else restore(node, join(to, name), random)
  }
}
