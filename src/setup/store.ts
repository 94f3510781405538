/** Built addons in the cache: the package installed again, or in a second project, need not be compiled again. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { environment } from '../base/environment.js'
import { cacheRoot } from '../base/folders.js'
import type { Stamp } from './stamp.js'

/** An addon has 2.5 MB, and more than a few are needed by nobody but who changes the native sources. */
const KEPT = 10

/**
 * Path of the addon in the cache that would come of the same build: equal sources, way of building, libtorch (its path
 * is in the addon), machine, compiler and flags. N-API makes it independent of Node's version.
 */
export function storedAddon(stamp: Stamp, compiler: string | undefined): string {
  const { sources, builder, library, libtorch } = stamp
  const machine = [process.platform, process.arch]
  const made = [sources, builder, library, libtorch.root, ...machine, compiler, environment().compilerFlags]
  return join(cacheRoot(), 'addons', `${createHash('sha256').update(JSON.stringify(made)).digest('hex')}.node`)
}

/**
 * Copies `stored` to `addon` when it is there and `probe`, which is given the copy, accepts it. Resolves to whether it
 * did; what cannot be read or loaded is left for a build to replace.
 */
export async function takeAddon(
  stored: string,
  addon: string,
  probe: (addon: string) => Promise<void>,
): Promise<boolean> {
  if (!existsSync(stored)) return false
  try {
    await copyWhole(stored, addon)
    await probe(addon)
    await utimes(stored, new Date(), new Date())
    return true
  } catch {
    await rm(addon, { force: true })
    return false
  }
}

/** Copies a built addon into the cache and removes all but the ten last used. A cache that is full loses nothing else. */
export async function keepAddon(addon: string, stored: string): Promise<void> {
  try {
    await copyWhole(addon, stored)
    const folder = dirname(stored)
    const paths = (await readdir(folder)).filter((name) => name.endsWith('.node')).map((name) => join(folder, name))
    const used = await Promise.all(paths.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })))
    const old = used.sort((a, b) => b.time - a.time).slice(KEPT)
    await Promise.all(old.map(({ path }) => rm(path, { force: true })))
  } catch {
    // The build itself succeeded; the next one is compiled again.
  }
}

/** Under a name of this process until it is whole, because others may look for it at the same time. */
async function copyWhole(from: string, to: string): Promise<void> {
  const partial = `${to}.${process.pid}.tmp`
  await mkdir(dirname(to), { recursive: true })
  try {
    await copyFile(from, partial)
    await rename(partial, to)
  } finally {
    await rm(partial, { force: true })
  }
}
