/** Compiles the addon. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { environment, variable } from '../base/environment.js'
import { UserError } from '../base/errors.js'
import { addonPath } from '../base/folders.js'
import { run } from './process.js'

/** Tool that compiles the addon. */
export type Builder = 'cmake-js' | 'node-gyp'

export interface BuildOptions {
  /** Package folder, which contains native/, CMakeLists.txt and binding.gyp. */
  readonly root: string
  readonly folder: string
  readonly libtorch: string
  readonly builder: Builder
  readonly signal?: AbortSignal
}

/** Chooses cmake-js, or node-gyp if CMake is missing. */
export async function chooseBuilder(): Promise<Builder> {
  return (await toolVersion('cmake')) === undefined ? 'node-gyp' : 'cmake-js'
}

/** First line that `command --version` prints; undefined if it fails. A command may have arguments: `ccache g++`. */
export async function toolVersion(command: string): Promise<string | undefined> {
  const [program, ...given] = existsSync(command) ? [command] : command.trim().split(/\s+/)
  try {
    return (await promisify(execFile)(program, [...given, '--version'])).stdout.split('\n')[0]?.trim()
  } catch {
    return undefined
  }
}

/** Builds the addon in `folder` and checks it by loading it in a separate process. Returns its path. */
export async function buildAddon(options: BuildOptions): Promise<string> {
  try {
    await (options.builder === 'cmake-js' ? withCMake(options) : withGyp(options))
    const addon = addonPath(options.folder)
    await probeAddon(addon, options.signal)
    return addon
  } catch (error) {
    options.signal?.throwIfAborted()
    const mend = 'it needs a C++20 compiler (GCC 11, Clang 14 or newer) and CMake, or make for node-gyp'
    throw new UserError(`Expected the addon to build with ${options.builder} (${mend}): ${(error as Error).message}`)
  }
}

/** Loads an addon in a separate process. Throws an Error with the loader's message if that fails. */
export async function probeAddon(addon: string, signal?: AbortSignal): Promise<void> {
  await run(process.execPath, ['-e', 'require(process.argv[1]).info()', addon], { signal })
}

async function withCMake({ root, folder, libtorch, signal }: BuildOptions): Promise<void> {
  const cli = resolve('cmake-js/bin/cmake-js')
  if (!isConfiguredFor(root, folder)) await rm(folder, { recursive: true, force: true })
  const shared = ['--log-level', 'warn', '--directory', root, '--out', folder, `--CDLIBTORCH=${libtorch}`]
  // `cmake-js build` configures only an empty folder, so another libtorch would not reach a configured one.
  await run(process.execPath, [cli, 'configure', ...shared], { signal })
  const show = process.stderr.isTTY
  await run(process.execPath, [cli, 'build', '--parallel', `${jobs()}`, ...shared], { show, signal })
}

/** True if CMake configured `folder` in this place. CMake rejects moved folders and cannot use node-gyp's files. */
function isConfiguredFor(root: string, folder: string): boolean {
  const path = join(folder, 'CMakeCache.txt')
  if (!existsSync(path)) return false
  const cache = readFileSync(path, 'utf8').split('\n')
  return [`CMAKE_HOME_DIRECTORY:INTERNAL=${root}`, `CMAKE_CACHEFILE_DIR:INTERNAL=${folder}`].every((line) =>
    cache.includes(line),
  )
}

async function withGyp({ root, folder, libtorch, signal }: BuildOptions): Promise<void> {
  if (folder !== join(root, 'build')) {
    throw new Error(`node-gyp builds in ${root} only, and that is not writable: install CMake`)
  }
  // Most installations of Node include its headers. If they are missing, node-gyp downloads them from nodejs.org.
  const prefix = dirname(dirname(process.execPath))
  const header = join(prefix, 'include', 'node', 'node_api.h')
  const headers = existsSync(header) ? [`--nodedir=${prefix}`] : []
  if (headers.length === 0 && environment().offline && variable('npm_config_nodedir') === undefined) {
    throw new Error(
      `PADA_OFFLINE forbids to download Node's headers, and ${header} is missing: install CMake, or name a folder of Node in npm_config_nodedir`,
    )
  }
  const args = ['rebuild', '--release', '--directory', root, '--jobs', `${jobs()}`, ...headers]
  await run(process.execPath, [resolve('node-gyp/bin/node-gyp.js'), ...args], {
    env: { ...process.env, LIBTORCH: libtorch },
    signal,
  })
}

/** Number of parallel jobs. Each needs about 1 GB of memory for torch's headers. */
function jobs(): number {
  return Math.min(availableParallelism(), 4)
}

function resolve(file: string): string {
  return createRequire(import.meta.url).resolve(file)
}
