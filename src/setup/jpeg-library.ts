/**
 * Fetches libjpeg-turbo, which decodes JPEGs faster than libvips does: the one library of Pillow's wheel, so that pixels
 * are Pillow's. Without it, the system's library or libvips decodes the same pixels.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { environment } from '../base/environment.js'
import { cacheRoot, machineSuffix } from '../base/folders.js'
import { withLock } from '../base/lock.js'
import { fetchWheels } from './download.js'
import { checkLibc } from './libc.js'
import { pipVersion } from './python.js'
import { unpack } from './unpack.js'
import { PILLOW_VERSION, PILLOWS } from './wheels.js'

/** The library, and the licences of all that the wheel holds. */
const NEEDED = /^pillow\.libs\/libjpeg-[^/]+\.so\.62[.\d]*$|\.dist-info\/licenses\/LICENSE$/
const LIBRARY = 'libjpeg.so.62'

function cacheFolder(): string {
  return join(cacheRoot(), `libjpeg-pillow-${PILLOW_VERSION}${machineSuffix()}`)
}

/** Names of libjpeg-turbo, best first: the fetched one, and the system's. */
export function jpegLibraries(): string[] {
  return environment().cache === undefined ? [LIBRARY] : [join(cacheFolder(), LIBRARY), LIBRARY]
}

/**
 * Fetches the library into the cache if it is not there and may be fetched. One process fetches at a time. A failure is
 * told, but not thrown.
 *
 * @returns Why it is not there; undefined if it is.
 * @throws The reason of an aborted signal.
 */
export async function fetchJpegLibrary(log: (line: string) => void, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const final = cacheFolder()
    const isThere = () => existsSync(join(final, LIBRARY))
    if (isThere()) return undefined
    const hash = process.platform === 'linux' ? PILLOWS[process.arch] : undefined
    if (hash === undefined) return `no wheel is pinned for ${process.platform} on ${process.arch}`
    if (environment().offline) return 'PADA_OFFLINE forbids the network'
    checkLibc()
    await pipVersion()
    await withLock(
      final,
      () => log('Waiting for another process that is downloading libjpeg-turbo'),
      async () => {
        if (!isThere()) await fetchTo(final, `pillow==${PILLOW_VERSION} --hash=sha256:${hash}`, log, signal)
      },
      signal,
    )
    return undefined
  } catch (error) {
    signal?.throwIfAborted()
    const [reason] = (error as Error).message.split('\n')
    log(`libjpeg-turbo was not fetched, so that JPEGs may decode more slowly: ${reason}`)
    return reason
  }
}

async function fetchTo(
  final: string,
  requirement: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const partial = `${final}.partial`
  await rm(partial, { recursive: true, force: true })
  try {
    log(`Downloading libjpeg-turbo of Pillow ${PILLOW_VERSION} with pip (7 MB, once)`)
    const wheels = join(partial, 'wheels')
    await fetchWheels(wheels, [requirement], signal)
    const [wheel] = (await readdir(wheels)).filter((name) => name.endsWith('.whl'))
    const unpacked = join(partial, 'unpacked')
    const kept = join(partial, 'kept')
    await mkdir(unpacked)
    await unpack(join(wheels, wheel), unpacked, (file) => NEEDED.test(file))
    await mkdir(kept)
    for (const file of await readdir(unpacked, { recursive: true })) {
      if (!NEEDED.test(file)) continue
      await rename(join(unpacked, file), join(kept, file.includes('libjpeg') ? LIBRARY : basename(file)))
    }
    if (!existsSync(join(kept, LIBRARY))) throw new Error(`${wheel} has no libjpeg`)
    await rm(final, { recursive: true, force: true })
    await rename(kept, final)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}
