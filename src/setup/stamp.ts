/** A file next to a built addon records what it was built from, so that an up-to-date build is recognized at once. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { environment } from '../base/environment.js'
import { addonPath, buildFolders, packageRoot } from '../base/folders.js'
import type { Builder } from './build.js'
import type { Variant } from './download.js'
import { libraryPath } from './libtorch.js'
import type { Located } from './locate.js'

/** The kind of machine that this process runs on. */
const MACHINE = `${process.platform}-${process.arch}`

export interface Stamp {
  /** Hash of the compiled sources, by {@link hashSources}. */
  readonly sources: string
  readonly builder: Builder
  /** Platform and architecture, such as `linux-x64`; absent in stamps of earlier versions. */
  readonly machine?: string
  readonly libtorch: Located
  /** Size and modification time of libtorch_cpu. They change if another version is installed in the same folder. */
  readonly library: string
  /** Flags of compiler and linker in CXXFLAGS and LDFLAGS; absent in stamps of earlier versions. */
  readonly flags?: string
  /** Values of LIBTORCH and PADA_PYTHON at the build. Another value later requires a new build. */
  readonly asked: { readonly libtorch?: string; readonly python?: string }
}

export function createStamp(root: string, builder: Builder, libtorch: Located): Stamp {
  const { libtorch: given, python, compilerFlags: flags } = environment()
  return {
    sources: hashSources(root),
    builder,
    machine: MACHINE,
    libtorch,
    library: fingerprint(libtorch.root),
    flags,
    asked: { libtorch: given, python },
  }
}

export function writeStamp(buildFolder: string, stamp: Stamp): void {
  const path = stampPath(buildFolder)
  writeFileSync(`${path}.tmp`, `${JSON.stringify(stamp, null, 2)}\n`)
  renameSync(`${path}.tmp`, path)
}

/** Call it before a build, so that a failed build is never mistaken for the previous one. */
export function removeStamp(buildFolder: string): void {
  rmSync(stampPath(buildFolder), { force: true })
}

/** Reads the stamp of a build folder; undefined if the folder has no finished build. */
export function readStamp(buildFolder: string): Stamp | undefined {
  if (!existsSync(addonPath(buildFolder)) || !existsSync(stampPath(buildFolder))) return undefined
  try {
    return JSON.parse(readFileSync(stampPath(buildFolder), 'utf8')) as Stamp
  } catch {
    return undefined
  }
}

/** The build that a command needs. */
export interface BuildRequest {
  readonly root: string
  readonly variant?: Variant
  readonly builder?: Builder
}

/**
 * Reason why a build cannot be used; undefined if it can. An unset variable is no reason, so LIBTORCH and CXXFLAGS need
 * not stay set after a build with them.
 */
export function staleness(stamp: Stamp, request: BuildRequest): string | undefined {
  const { libtorch, python, compilerFlags } = environment()
  if (stamp.machine !== undefined && stamp.machine !== MACHINE) return `it was built on ${stamp.machine}`
  if (stamp.sources !== hashSources(request.root)) return 'the native sources changed'
  if (libtorch !== undefined && libtorch !== stamp.asked.libtorch) return 'LIBTORCH names another libtorch'
  if (python !== undefined && libtorch === undefined && python !== stamp.asked.python) {
    return 'PADA_PYTHON names another Python'
  }
  if (stamp.flags !== undefined && compilerFlags !== '' && compilerFlags !== stamp.flags) {
    return 'CXXFLAGS or LDFLAGS have other flags'
  }
  const library = fingerprint(stamp.libtorch.root)
  if (library === UNREADABLE)
    return `this user may not read ${stamp.libtorch.root}: set up with PADA_CACHE in a common place`
  if (stamp.library !== library) return 'its libtorch changed'
  if (request.variant === 'cuda' && !stamp.libtorch.cuda) return 'its libtorch has no torch_cuda'
  const { cuda, origin } = stamp.libtorch
  // Another libtorch with CUDA is the user's choice.
  if (request.variant === 'cpu' && cuda && (origin === 'cache' || origin === 'download')) return 'its libtorch has CUDA'
  if (request.builder !== undefined && request.builder !== stamp.builder) return `${request.builder} is asked for`
  return undefined
}

/** A finished set-up. */
export interface NativeSetup {
  /** Path of the compiled addon. */
  readonly addon: string
  readonly libtorch: Located
  /** True if this call built it, or took it from the store. */
  readonly isNew?: boolean
}

/** The finished build that commands use, and the reason if it is stale. Undefined if there is no build. */
export function currentBuild(
  request: BuildRequest = { root: packageRoot },
): (NativeSetup & { stale?: string }) | undefined {
  const builds = buildFolders(request.root).flatMap((folder) => {
    const stamp = readStamp(folder)
    if (stamp === undefined) return []
    return [{ addon: addonPath(folder), libtorch: stamp.libtorch, stale: staleness(stamp, request) }]
  })
  return builds.find(({ stale }) => stale === undefined) ?? builds[0]
}

/** SHA-256 of the names and contents of all files that the addon is compiled from. */
export function hashSources(root: string): string {
  const hash = createHash('sha256')
  const native = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cc|h|inc|cu)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  for (const file of ['CMakeLists.txt', 'binding.gyp', ...native.sort()]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

/** What {@link fingerprint} says of a library in a folder that the user may not look into, such as another's home. */
const UNREADABLE = 'unreadable'

function fingerprint(libtorchRoot: string): string {
  try {
    const stat = statSync(libraryPath(libtorchRoot, 'torch_cpu'), { throwIfNoEntry: false })
    return stat === undefined ? 'missing' : `${stat.size} bytes, ${stat.mtime.toISOString()}`
  } catch {
    return UNREADABLE
  }
}

function stampPath(buildFolder: string): string {
  return join(buildFolder, 'pada_native.json')
}
