import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment } from './environment.js'
import { expected, UserError } from './errors.js'

/** Folder of the package: two levels above this file, in `src/` as in `dist/`. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version
}

/**
 * The cache folder: libtorch, builds for packages in read-only folders, decoded images, tables that were read.
 *
 * @throws UserError if no variable names one and the user has no home folder.
 */
export function cacheRoot(): string {
  const { cache } = environment()
  if (cache !== undefined) return cache
  throw new UserError('Expected a home folder for the cache but this user has none: set PADA_CACHE to a folder')
}

/** What tells files of the cache for this kind of machine from others'. It is empty for Linux on x64. */
export function machineSuffix(platform: string = process.platform, arch: string = process.arch): string {
  return platform === 'linux' && arch === 'x64' ? '' : `-${platform}-${arch}`
}

/** Folders that may hold the build of the addon, best first. */
export function buildFolders(root: string = packageRoot): string[] {
  const { cache } = environment()
  return [
    join(root, 'build'),
    ...(cache === undefined ? [] : [join(cache, `build-${packageVersion()}${machineSuffix()}`)]),
  ]
}

/**
 * The first of these folders in which this user may build.
 *
 * @throws UserError if there is none.
 */
export function buildFolder(folders: readonly string[] = buildFolders()): string {
  const folder = folders.find((candidate) => isWritable(dirname(candidate)))
  if (folder !== undefined) return folder
  const received = environment().cache ?? 'none, and there is no home folder'
  throw expected('a folder that this user may write to', 'PADA_CACHE', received)
}

export function addonPath(buildFolder: string): string {
  return join(buildFolder, 'Release', 'pada_native.node')
}

/** True if this user may write to a folder, or make it where it does not exist yet. */
export function isWritable(folder: string): boolean {
  if (!existsSync(folder) && dirname(folder) !== folder) return isWritable(dirname(folder))
  try {
    accessSync(folder, constants.W_OK)
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}
