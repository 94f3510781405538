/** Makes sure that the addon is there: finds or fetches libtorch and builds, where that has not been done. */
import { dirname } from 'node:path'
import { type Builder, buildAddon, chooseBuilder } from './build.js'
import type { Variant } from './download.js'
import { addonPath, buildFolders, isWritable, packageRoot } from './folders.js'
import { type Located, locateLibtorch } from './locate.js'
import { withLock } from './lock.js'
import { createStamp, readStamp, removeStamp, staleness, type Wish, writeStamp } from './stamp.js'

export type { Located } from './locate.js'

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

/** What is set up. */
export interface NativeSetup {
  /** Path of the compiled addon. */
  readonly addon: string
  readonly libtorch: Located
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

/** The finished build that commands would use, if any, and why it is stale, if it is. */
export function currentBuild(wish: Wish = { root: packageRoot }): (NativeSetup & { stale?: string }) | undefined {
  const builds = buildFolders(wish.root).flatMap((folder) => {
    const stamp = readStamp(folder)
    if (stamp === undefined) return []
    return [{ addon: addonPath(folder), libtorch: stamp.libtorch, stale: staleness(stamp, wish) }]
  })
  return builds.find(({ stale }) => stale === undefined) ?? builds[0]
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
  log(`Building the addon with ${builder} (about a minute, once)`)
  // Before the build: what changes while it runs then makes the next call build again.
  const stamp = createStamp(wish.root, builder, libtorch)
  const addon = await buildAddon({ root: wish.root, folder, libtorch: libtorch.root, builder, signal })
  writeStamp(folder, stamp)
  return { addon, libtorch }
}
