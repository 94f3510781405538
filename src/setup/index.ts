/** Makes sure that the addon exists: if necessary, finds or fetches libtorch and builds the addon. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { environment } from '../base/environment.js'
import { unwritable } from '../base/files.js'
import { addonPath, buildFolder, packageRoot } from '../base/folders.js'
import { withLock } from '../base/lock.js'
import { type Builder, buildAddon, chooseBuilder, probeAddon, toolVersion } from './build.js'
import type { Variant } from './download.js'
import { fetchJpegLibrary } from './jpeg-library.js'
import { locateLibtorch } from './locate.js'
import { type BuildRequest, createStamp, currentBuild, type NativeSetup, removeStamp, writeStamp } from './stamp.js'
import { keepAddon, storedAddon, takeAddon } from './store.js'

/** Options of {@link ensureNative}. */
export interface EnsureOptions {
  /** If libtorch must be downloaded, downloads it without CUDA, even on a machine with a GPU. */
  readonly cpu?: boolean
  /** Requires a libtorch with CUDA. A libtorch without CUDA is not used. */
  readonly cuda?: boolean
  /** Build tool. Default: cmake-js, or node-gyp if CMake is missing. */
  readonly builder?: Builder
  /** Also tries whether a finished build loads, in a process of its own, and builds again if not. Default: false. */
  readonly probe?: boolean
  /** Receives progress messages, one line each. Default: no messages. */
  readonly log?: (line: string) => void
  /** When aborted, running downloads and builds stop, and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * Sets up the addon. Commands do this themselves; scripts call it to run on a new machine. If the build is up to date,
 * it takes milliseconds.
 *
 * @throws UserError that says how to fix the problem, or the reason of an aborted signal.
 */
export async function ensureNative(options: EnsureOptions = {}): Promise<NativeSetup> {
  const { signal, log = () => {} } = options
  signal?.throwIfAborted()
  const variant: Variant | undefined = options.cuda ? 'cuda' : options.cpu ? 'cpu' : undefined
  const request: BuildRequest = { root: packageRoot, variant, builder: options.builder }
  const fresh = findFresh(request)
  if (fresh !== undefined && (!options.probe || (await loads(fresh, log, signal)))) return fresh
  const folder = buildFolder()
  return withLock(
    folder,
    () => log('Waiting for another process that is building the addon'),
    async () => findFresh(request) ?? build(folder, request, log, signal),
    signal,
  )
}

/** Whether a finished build loads. If not, it is removed: a power cut may have torn it, or a library may be gone. */
async function loads({ addon }: NativeSetup, log: (line: string) => void, signal?: AbortSignal): Promise<boolean> {
  try {
    await probeAddon(addon, signal)
    return true
  } catch (error) {
    signal?.throwIfAborted()
    const { message } = error as Error
    const reason = /^Error: (.+)$/m.exec(message)?.[1] ?? message.split('\n', 1)[0]
    log(`The addon does not load, and is built again: ${reason}`)
    const folder = dirname(dirname(addon))
    await rm(folder, { recursive: true, force: true }).catch((reason) => unwritable(folder, reason))
    return false
  }
}

function findFresh(request: BuildRequest): NativeSetup | undefined {
  const build = currentBuild(request)
  return build?.stale === undefined ? build : undefined
}

async function build(
  folder: string,
  request: BuildRequest,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<NativeSetup> {
  signal?.throwIfAborted()
  const libtorch = await locateLibtorch({ variant: request.variant, log, signal })
  log(`libtorch ${libtorch.version} (${libtorch.origin}): ${libtorch.root}`)
  const builder = request.builder ?? (await chooseBuilder())
  removeStamp(folder)
  // Hashed before the build: if sources change while it runs, the next call builds again.
  const stamp = createStamp(request.root, builder, libtorch)
  const compiler = await toolVersion(environment().compiler)
  const stored = storedAddon(stamp, compiler)
  const addon = addonPath(folder)
  // Only if the folder is absent: in a used one, CMake would mistake the copied addon for its own last result.
  if (!existsSync(folder) && (await takeAddon(stored, addon, (path) => probeAddon(path, signal)))) {
    log(`The addon was built before: took it from ${stored}`)
  } else {
    log(`Building the addon with ${builder} (about two minutes, once)`)
    if (/clang/i.test(compiler ?? ''))
      log(`Clang leaves the addon’s own convolutions out; for a faster addon, remove ${folder} and set CXX=g++`)
    await buildAddon({ root: request.root, folder, libtorch: libtorch.root, builder, signal })
    await keepAddon(addon, stored)
  }
  writeStamp(folder, stamp)
  await fetchJpegLibrary(log, signal)
  return { addon, libtorch, isNew: true }
}
