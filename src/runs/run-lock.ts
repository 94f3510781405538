/**
 * The lock of a run folder. Every process that writes to the folder holds the lock while it works. Readers need none.
 * The lock lies in the folder, so that it is the same by whatever path the folder is reached.
 */
import { join } from 'node:path'
import { UserError } from '../base/errors.js'
import { type HeldLock, isLocked, tryLock } from '../base/lock.js'

/** Name of the lock in the folder. */
export const LOCK = 'writer.lock'

/** Milliseconds after which the lock of a dead process may be taken over. */
const STALE = 20_000

/** Takes the lock of a folder that exists; undefined if another process holds it. */
export function tryLockRun(folder: string): Promise<HeldLock | undefined> {
  return tryLock(folder, STALE, join(folder, LOCK))
}

/**
 * Takes the lock of a folder that exists.
 *
 * @throws UserError if another process holds it.
 */
export async function lockRun(folder: string): Promise<HeldLock> {
  const lock = await tryLockRun(folder)
  if (lock === undefined) throw taken(folder)
  return lock
}

/** Whether a process works on a folder. Changes nothing. */
export function isRunLocked(folder: string): Promise<boolean> {
  return isLocked(folder, STALE, join(folder, LOCK))
}

/**
 * Looks at the lock of a folder, which need not exist, and changes nothing.
 *
 * @throws UserError if a process holds it.
 */
export async function checkUnlocked(folder: string): Promise<void> {
  if (await isRunLocked(folder)) throw taken(folder)
}

function taken(folder: string): UserError {
  const advice = `if that process was killed, try again in ${STALE / 1_000} seconds`
  return new UserError(
    `Expected a run folder for this process alone but received ${folder}, which another process works on; ${advice}`,
  )
}
