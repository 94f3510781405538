/** The note beside a built addon that says from what it was built, so that a fresh one is recognised at once. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { environment } from '../base/environment.js'
import { addonPath, buildFolders, packageRoot } from '../base/folders.js'
import type { Builder } from './build.js'
import type { Variant } from './download.js'
import { libraryPath } from './libtorch.js'
import type { Located } from './locate.js'

export interface Stamp {
  /** {@link hashSources} of what was compiled. */
  readonly sources: string
  readonly builder: Builder
  readonly libtorch: Located
  /** Size and time of libtorch_cpu, which change when another version is installed in the same folder. */
  readonly library: string
  /** LIBTORCH and PADA_PYTHON as they were set: another value later asks for another build. */
  readonly asked: { readonly libtorch?: string; readonly python?: string }
}

export function createStamp(root: string, builder: Builder, libtorch: Located): Stamp {
  const { libtorch: given, python } = environment()
  return {
    sources: hashSources(root),
    builder,
    libtorch,
    library: fingerprint(libtorch.root),
    asked: { libtorch: given, python },
  }
}

export function writeStamp(buildFolder: string, stamp: Stamp): void {
  const path = stampPath(buildFolder)
  writeFileSync(`${path}.tmp`, `${JSON.stringify(stamp, null, 2)}\n`)
  renameSync(`${path}.tmp`, path)
}

/** To be called before a build, so that a build that fails half-way is never taken for the one before it. */
export function removeStamp(buildFolder: string): void {
  rmSync(stampPath(buildFolder), { force: true })
}

/** What is recorded beside the addon of a build folder; undefined where there is no finished build. */
export function readStamp(buildFolder: string): Stamp | undefined {
  if (!existsSync(addonPath(buildFolder)) || !existsSync(stampPath(buildFolder))) return undefined
  try {
    return JSON.parse(readFileSync(stampPath(buildFolder), 'utf8')) as Stamp
  } catch {
    return undefined
  }
}

export interface Wish {
  readonly root: string
  readonly variant?: Variant
  readonly builder?: Builder
}

/**
 * Why a build cannot be used as it is, or undefined when it can. A variable that is no longer set is no reason: who
 * built once with LIBTORCH need not set it for ever.
 */
export function staleness(stamp: Stamp, wish: Wish): string | undefined {
  const { libtorch, python } = environment()
  if (stamp.sources !== hashSources(wish.root)) return 'the native sources changed'
  if (libtorch !== undefined && libtorch !== stamp.asked.libtorch) return 'LIBTORCH names another libtorch'
  if (python !== undefined && libtorch === undefined && python !== stamp.asked.python) {
    return 'PADA_PYTHON names another Python'
  }
  if (stamp.library !== fingerprint(stamp.libtorch.root)) return 'its libtorch changed'
  if (wish.variant === 'cuda' && !stamp.libtorch.cuda) return 'its libtorch has no torch_cuda'
  if (wish.builder !== undefined && wish.builder !== stamp.builder) return `${wish.builder} is asked for`
  return undefined
}

/** What is set up. */
export interface NativeSetup {
  /** Path of the compiled addon. */
  readonly addon: string
  readonly libtorch: Located
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

/** SHA-256 over names and contents of everything that the addon is compiled from. */
export function hashSources(root: string): string {
  const hash = createHash('sha256')
  const native = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cc|h|inc)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  for (const file of ['CMakeLists.txt', 'binding.gyp', ...native.sort()]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function fingerprint(libtorchRoot: string): string {
  const stat = statSync(libraryPath(libtorchRoot, 'torch_cpu'), { throwIfNoEntry: false })
  return stat === undefined ? 'missing' : `${stat.size} bytes, ${stat.mtime.toISOString()}`
}

function stampPath(buildFolder: string): string {
  return join(buildFolder, 'pada_native.json')
}
