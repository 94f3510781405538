import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { UserError } from './errors.js'

/** A lock whose owner has not been heard of for so many milliseconds is taken over. */
const STALE = 30_000

/**
 * Runs `work` while no other process runs it under the same lock: two commands started at once on a fresh machine must
 * not download or build twice. A lock whose owner died is taken over after half a minute.
 */
export async function withLock<T>(path: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const options = { realpath: false, stale: STALE, update: 5_000 }
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

export interface Held {
  /** Aborted, with the reason, when the lock was lost: this process was suspended and another took it over. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/**
 * Takes a lock that no one holds, without waiting; undefined where someone does. The folder of `path` must exist. A lock
 * whose owner died counts as held for `stale` milliseconds.
 */
export async function tryLock(path: string, stale = STALE): Promise<Held | undefined> {
  const lost = new AbortController()
  const release = await lockfile
    .lock(path, {
      realpath: false,
      stale,
      update: Math.max(1_000, stale / 6),
      onCompromised: () =>
        lost.abort(new UserError(`Expected to hold the lock of ${path} but another process took it`)),
    })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ELOCKED') return undefined
      throw new UserError(`Expected a place that can be written to for ${path} but received ${error.code ?? error}`)
    })
  // Giving back what was lost already is no failure of the work.
  return release && { lost: lost.signal, release: () => release().catch(() => {}) }
}
