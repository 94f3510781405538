/** Requirements of a usable libtorch, and the check that a folder holds one. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const SUPPORTED = { oldest: [2, 11], newest: [2, 15] } as const
export const SUPPORTED_TEXT = `${SUPPORTED.oldest.join('.')} to ${SUPPORTED.newest.join('.')}`

/** A libtorch that the addon can be built against. */
export interface Libtorch {
  /** Folder that holds `include/` and `lib/`. */
  readonly root: string
  /** Version without local suffix, e.g. "2.15.0". */
  readonly version: string
  /** True if it has torch_cuda. */
  readonly cuda: boolean
}

const extension = process.platform === 'darwin' ? 'dylib' : 'so'

export function libraryPath(root: string, name: 'torch_cpu' | 'torch_cuda' | 'c10'): string {
  return join(root, 'lib', `lib${name}.${extension}`)
}

/** Checks the files of a folder. Throws an Error that names a missing file or an unsupported version. */
export function inspectLibtorch(folder: string): Libtorch {
  const root = resolve(folder)
  if (!existsSync(root)) throw new Error(`${root} does not exist`)
  for (const path of [libraryPath(root, 'torch_cpu'), libraryPath(root, 'c10'), join(root, 'include/ATen/ATen.h')]) {
    if (!existsSync(path)) throw new Error(`${path} is missing`)
  }
  const version = readVersion(root)
  if (!isSupported(version)) throw new Error(`${root} is torch ${version}, and ${SUPPORTED_TEXT} are supported`)
  return { root, version, cuda: existsSync(libraryPath(root, 'torch_cuda')) }
}

/** {@link inspectLibtorch}, then loads the library in a separate process, because its dependencies may be missing. */
export async function probeLibtorch(folder: string): Promise<Libtorch> {
  const libtorch = inspectLibtorch(folder)
  const failure = await loadFailure(libraryPath(libtorch.root, 'torch_cpu'))
  if (failure !== undefined) throw new Error(`${libtorch.root} does not load: ${failure}`)
  return libtorch
}

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const number = major * 1000 + minor
  const bound = ([a, b]: readonly [number, number]) => a * 1000 + b
  return bound(SUPPORTED.oldest) <= number && number <= bound(SUPPORTED.newest)
}

/** Version in the headers, because the addon is compiled against them. */
function readVersion(root: string): string {
  for (const header of ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h']) {
    const path = join(root, header)
    if (!existsSync(path)) continue
    const text = readFileSync(path, 'utf8')
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => text.match(new RegExp(`define TORCH_VERSION_${part} (\\d+)`))?.[1],
    )
    if (parts.every((part) => part !== undefined)) return parts.join('.')
  }
  throw new Error(`${root} has no torch/version.h that tells its version`)
}

/** Error of the system's loader, if any. Node rejects a library that is no addon only after the loader accepts it. */
async function loadFailure(library: string): Promise<string | undefined> {
  const script = 'try { process.dlopen({ exports: {} }, process.argv[1]) } catch (error) { console.log(error.message) }'
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, library])
    return stdout.includes('did not self-register') ? undefined : stdout.trim()
  } catch (error) {
    return (error as Error).message
  }
}
