/** Fetches libtorch: pip downloads the pinned wheels and verifies their hashes; then the needed files are unpacked. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot, machineSuffix } from '../base/folders.js'
import { withLock } from '../base/lock.js'
import { checkLibc } from './libc.js'
import { inspectLibtorch, type Libtorch, probeLibtorch } from './libtorch.js'
import { run } from './process.js'
import { pipVersion, pythonCommand } from './python.js'
import { isNeeded, unpack } from './unpack.js'
import { TORCH_VERSION, WHEEL_PYTHON, WHEELS } from './wheels.js'

export type Variant = 'cpu' | 'cuda'

/** Wheels needed even without a GPU: torch, and the CUDA libraries that its libtorch_cpu links. */
const CPU_WHEELS = ['torch', 'nvidia-cuda-runtime', 'nvidia-cuda-cupti']

/** Folder of a libtorch in the cache. It keeps the wheels' layout, by which the libraries find each other. */
export function cachedLibtorch(variant: Variant): string {
  return join(cacheRoot(), folderName(variant), 'torch')
}

/** The folder of other machines has another name, because they may share the cache. */
function folderName(variant: Variant): string {
  return `libtorch-${TORCH_VERSION}-${variant}${machineSuffix()}`
}

/** Lines of a pip requirements file: exact versions, each with its hash. */
export function requirements(variant: Variant, arch: string = process.arch): string[] {
  const wheels = (process.platform === 'linux' ? WHEELS[arch] : undefined) ?? []
  if (wheels.length === 0) throw new Error(`no wheel is pinned for ${process.platform} on ${arch}`)
  return wheels
    .filter(([name]) => variant === 'cuda' || CPU_WHEELS.includes(name))
    .map(([name, version, sha256]) => `${name}==${version} --hash=sha256:${sha256}`)
}

/** Downloads libtorch into the cache, if it is not there yet. One process downloads at a time; others wait. */
export async function downloadLibtorch(
  variant: Variant,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Libtorch> {
  const lines = requirements(variant)
  checkLibc()
  // It says so if Python has no pip.
  await pipVersion()
  const final = join(cacheRoot(), folderName(variant))
  return withLock(
    final,
    () => log('Waiting for another process that is downloading libtorch'),
    async () => {
      // Another process may have fetched it meanwhile. One that does not load is fetched again: a library may be gone.
      const there = await probeLibtorch(cachedLibtorch(variant)).catch(() => undefined)
      if (there !== undefined) return there
      const partial = `${final}.partial`
      await rm(partial, { recursive: true, force: true })
      try {
        const size = variant === 'cuda' ? 'about 2.5 GB' : 'about 550 MB'
        log(`Downloading torch ${TORCH_VERSION} and the libraries it needs with pip (${size}, once)`)
        await fetchWheels(join(partial, 'wheels'), lines, signal)
        log('Unpacking libtorch')
        const unpacked = join(partial, 'unpacked')
        for (const wheel of await readdir(join(partial, 'wheels'))) {
          if (!wheel.endsWith('.whl')) continue
          signal?.throwIfAborted()
          await unpack(join(partial, 'wheels', wheel), unpacked, (file) => isNeeded(file, variant === 'cuda'))
        }
        await probeLibtorch(join(unpacked, 'torch'))
        await rm(final, { recursive: true, force: true })
        await rename(unpacked, final)
      } finally {
        await rm(partial, { recursive: true, force: true })
      }
      return inspectLibtorch(cachedLibtorch(variant))
    },
    signal,
  )
}

/** Downloads the wheels that the lines of a requirements file name into `folder`, and verifies their hashes. */
export async function fetchWheels(
  folder: string,
  lines: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const list = join(folder, 'requirements.txt')
  await writeFile(list, `${lines.join('\n')}\n`)
  const wheels = ['--requirement', list, '--require-hashes', '--no-deps', '--dest', folder]
  const options = [
    '--disable-pip-version-check',
    '--no-cache-dir',
    '--only-binary=:all:',
    '--python-version',
    WHEEL_PYTHON,
  ]
  const args = ['-m', 'pip', 'download', ...wheels, ...options, ...platforms().flatMap((tag) => ['--platform', tag])]
  await run(pythonCommand(), args, { show: process.stderr.isTTY, signal })
}

/** Platform tags for pip, which takes them literally: older tags, which newer systems also run, must be listed too. */
function platforms(): string[] {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const glibc = ['manylinux1', 'manylinux2010', 'manylinux2014']
  const newer = Array.from({ length: 24 }, (_, i) => `manylinux_2_${5 + i}`)
  return [...glibc, ...newer].map((tag) => `${tag}_${machine}`)
}
