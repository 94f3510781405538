/** Extracts the few needed files from a wheel, which is a zip archive. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { type Entry, open, type ZipFile } from 'yauzl'

/**
 * True if a wheel's file is needed: torch's headers and libraries, and NVIDIA's libraries. Torch's libraries for Python
 * are not needed, nor are its libraries for CUDA if `cuda` is false.
 */
export function isNeeded(file: string, cuda: boolean): boolean {
  if (file.startsWith('torch/include/')) return !file.endsWith('/')
  if (!/^(torch|nvidia\/.+)\/lib\/[^/]+\.so(\.[\d.]+)?$/.test(file)) return false
  if (/torch_python|libshm/.test(file)) return false
  return cuda || !file.startsWith('torch/') || !/cuda|nvrtc|nvshmem/.test(file)
}

/** Extracts the files that `needed` accepts into `folder`, under their names in the archive. */
export async function unpack(archive: string, folder: string, needed: (file: string) => boolean): Promise<void> {
  const zip = await promisify<string, { lazyEntries: true; autoClose: true }, ZipFile>(open)(archive, {
    lazyEntries: true,
    autoClose: true,
  })
  const openStream = promisify(zip.openReadStream.bind(zip) as (entry: Entry, done: StreamCallback) => void)
  await new Promise<void>((done, failed) => {
    zip.on('error', failed)
    zip.on('end', done)
    zip.on('entry', (entry: Entry) => {
      extract(entry).then(() => zip.readEntry(), failed)
    })
    zip.readEntry()
  })

  async function extract(entry: Entry): Promise<void> {
    if (!needed(entry.fileName)) return
    const target = join(folder, entry.fileName)
    await mkdir(dirname(target), { recursive: true })
    await pipeline(await openStream(entry), createWriteStream(target))
  }
}

type StreamCallback = (error: Error | null, stream: NodeJS.ReadableStream) => void
