/** Makes sure that the addon is there: finds or fetches libtorch and builds, where that has not been done. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { environment } from '../base/environment.js'
import { addonPath, buildFolders, isWritable, packageRoot } from '../base/folders.js'
import { withLock } from '../base/lock.js'
import { type Builder, buildAddon, chooseBuilder, probeAddon, toolVersion } from './build.js'
import type { Variant } from './download.js'
import { locateLibtorch } from './locate.js'
import { createStamp, currentBuild, type NativeSetup, removeStamp, type Wish, writeStamp } from './stamp.js'
import { keepAddon, storedAddon, takeAddon } from './store.js'

/** What to set up, and how. */
export interface EnsureOptions {
  /** Asks for a libtorch without CUDA where one has to be fetched, whatever hardware there is. */
  readonly cpu?: boolean
  /** Asks for a libtorch with CUDA; one without it does not count. */
  readonly cuda?: boolean
  /** Asks for a way of building; default is cmake-js, or node-gyp where there is no CMake. */
  readonly builder?: Builder
  /** Told what takes its time, line by line; default: nobody is. */
  readonly log?: (line: string) => void
  /** When aborted, downloads and builds under way end, and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * Sets the addon up, for scripts that are to run on a fresh machine; commands do it by themselves. Idempotent: with a fresh
 * build it takes milliseconds.
 *
 * @throws UserError that says what would mend it; the reason of an aborted signal.
 */
export async function ensureNative(options: EnsureOptions = {}): Promise<NativeSetup> {
  const { signal, log = () => {} } = options
  signal?.throwIfAborted()
  const variant: Variant | undefined = options.cuda ? 'cuda' : options.cpu ? 'cpu' : undefined
  const wish: Wish = { root: packageRoot, variant, builder: options.builder }
  const fresh = findFresh(wish)
  if (fresh !== undefined) return fresh
  const folder = buildFolders().find((candidate, index) => index > 0 || isWritable(dirname(candidate))) as string
  const setup = withLock(
    folder,
    () => log('Waiting for another process that is building the addon'),
    async () => findFresh(wish) ?? build(folder, wish, log, signal),
  )
  return signal === undefined ? setup : Promise.race([setup, abortionOf(signal)])
}

/** Never resolves; rejects when the signal aborts: whoever waits for another process need not wait on. */
function abortionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

function findFresh(wish: Wish): NativeSetup | undefined {
  const build = currentBuild(wish)
  return build?.stale === undefined ? build : undefined
}

async function build(
  folder: string,
  wish: Wish,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<NativeSetup> {
  signal?.throwIfAborted()
  const libtorch = await locateLibtorch({ variant: wish.variant, log, signal })
  log(`libtorch ${libtorch.version} (${libtorch.origin}): ${libtorch.root}`)
  const builder = wish.builder ?? (await chooseBuilder())
  removeStamp(folder)
  // Before the build: what changes while it runs then makes the next call build again.
  const stamp = createStamp(wish.root, builder, libtorch)
  const stored = storedAddon(stamp, await toolVersion(environment().compiler))
  const addon = addonPath(folder)
  // Only into an empty place: CMake builds on from what it left, and would take a stranger's addon for its own.
  if (!existsSync(folder) && (await takeAddon(stored, addon, (path) => probeAddon(path, signal)))) {
    log(`The addon was built before: took it from ${stored}`)
  } else {
    log(`Building the addon with ${builder} (about two minutes, once)`)
    await buildAddon({ root: wish.root, folder, libtorch: libtorch.root, builder, signal })
    await keepAddon(addon, stored)
  }
  writeStamp(folder, stamp)
  return { addon, libtorch }
}
