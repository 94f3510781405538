import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'

/**
 * Runs `work` while no other process runs it under the same lock: two commands started at once on a fresh machine must
 * not download or build twice. A lock whose owner died is taken over after half a minute.
 */
export async function withLock<T>(path: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const options = { realpath: false, stale: 30_000, update: 5_000 }
  const release = await lockfile.lock(path, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ELOCKED') throw error
    waiting()
    return lockfile.lock(path, { ...options, retries: { forever: true, minTimeout: 500, maxTimeout: 2_000 } })
  })
  try {
    return await work()
  } finally {
    await release()
  }
}
