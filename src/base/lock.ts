import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { UserError } from './errors.js'
import { makeFolder, unwritable } from './files.js'

/** Milliseconds between two tries to take a lock. */
const RETRY = 1_000
/** Milliseconds without a sign of its owner after which a lock is taken over. */
const STALE = 30_000

/**
 * Runs `work` while no other process runs it under the same lock: two commands on a fresh machine must not download or
 * build twice. Calls `onWait` if the lock is taken. A lock whose owner died is taken over after half a minute. `signal`
 * ends the wait.
 *
 * @throws UserError after the work if the lock was lost meanwhile: this process was suspended, or the lock was removed.
 *   The reason of a signal that aborts during the wait.
 */
export async function withLock<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await makeFolder(dirname(path))
  let isLost = false
  const onCompromised = () => {
    isLost = true
  }
  const options = { realpath: false, stale: STALE, update: updateOf(STALE), onCompromised }
  const tryIt = () =>
    lockfile.lock(path, options).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ELOCKED') return undefined
      throw error
    })
  let release = await tryIt()
  if (release === undefined) onWait()
  while (release === undefined) {
    await pause(signal)
    release = await tryIt()
  }
  const held = release
  // Releasing a lost lock must hide neither the result of the work nor its error.
  const result = await work().finally(() => held().catch(() => {}))
  if (isLost) throw lost(path)
  return result
}

/** Waits until the next try, or throws the signal's reason. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, RETRY)
    function end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    signal?.addEventListener('abort', end)
  })
  signal?.throwIfAborted()
}

/** Milliseconds between two signs of life of a lock's owner. */
function updateOf(stale: number): number {
  return Math.max(1_000, stale / 6)
}

function lost(path: string): UserError {
  return new UserError(`Expected to hold the lock of ${path} but another process took it`)
}

/** Whether somebody holds a lock that {@link tryLock} takes. Changes nothing. False for a place that cannot be read. */
export function isLocked(path: string, stale = STALE, file = `${path}.lock`): Promise<boolean> {
  return lockfile.check(path, { lockfilePath: file, realpath: false, stale }).catch(() => false)
}

export interface HeldLock extends AsyncDisposable {
  /** Aborted, with a reason, if this process was suspended and another one took the lock over. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/**
 * Takes the lock of `path` if it is free, without waiting; undefined if it is taken. `file` is the lock itself; its
 * folder must exist. A lock whose owner died counts as taken for `stale` milliseconds.
 */
export async function tryLock(path: string, stale = STALE, file = `${path}.lock`): Promise<HeldLock | undefined> {
  const controller = new AbortController()
  const taken = await lockfile
    .lock(path, {
      lockfilePath: file,
      realpath: false,
      stale,
      update: updateOf(stale),
      onCompromised: () => controller.abort(lost(path)),
    })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ELOCKED') return undefined
      unwritable(path, error)
    })
  // Releasing a lost lock must not fail the work.
  const release = taken && (() => taken().catch(() => {}))
  return release && { lost: controller.signal, release, [Symbol.asyncDispose]: release }
}
