/** Keeps built addons in the cache, so that a package installed again or in a second project need not compile. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryFor } from '../base/atomic.js'
import { environment } from '../base/environment.js'
import { cacheRoot } from '../base/folders.js'
import type { Stamp } from './stamp.js'

/** Number of addons kept, of 2.5 MB each. Only those who change the native sources need more than a few. */
const KEPT = 10

/**
 * Path in the cache of the addon from an equal build. Equal builds have the same sources, builder, libtorch (the addon
 * contains its path), machine, compiler and flags. N-API makes the addon independent of Node's version.
 */
export function storedAddon(stamp: Stamp, compiler: string | undefined): string {
  const { sources, builder, library, libtorch } = stamp
  const machine = [process.platform, process.arch]
  const { compiler: command, compilerFlags } = environment()
  const made = [sources, builder, library, libtorch.root, ...machine, command, compiler, compilerFlags]
  return join(cacheRoot(), 'addons', `${createHash('sha256').update(JSON.stringify(made)).digest('hex')}.node`)
}

/**
 * Copies `stored` to `addon` and tries the copy by `probe`. Resolves to true if both succeed. Otherwise removes the
 * copy and leaves `stored`, which the next build replaces.
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

/** Copies a built addon into the cache and removes all but the ten last used. Ignores failures, such as a full disk. */
export async function keepAddon(addon: string, stored: string): Promise<void> {
  try {
    await copyWhole(addon, stored)
    const folder = dirname(stored)
    const paths = (await readdir(folder)).filter((name) => name.endsWith('.node')).map((name) => join(folder, name))
    const used = await Promise.all(paths.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })))
    const old = used.sort((a, b) => b.time - a.time).slice(KEPT)
    await Promise.all(old.map(({ path }) => rm(path, { force: true })))
  } catch {
    // The build itself succeeded. Only the next one must compile again.
  }
}

/** Copies under a temporary name, then renames, because other processes may look for the file meanwhile. */
async function copyWhole(from: string, to: string): Promise<void> {
  const partial = temporaryFor(to)
  await mkdir(dirname(to), { recursive: true })
  try {
    await copyFile(from, partial)
    await rename(partial, to)
  } finally {
    await rm(partial, { force: true })
  }
}
