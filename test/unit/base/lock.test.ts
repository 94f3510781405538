import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { tryLock, withLock } from '../../../src/base/lock.js'
import { temporaryFolder } from '../../support/folders.js'
import { until } from '../../support/until.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Who waits for a lock, or holds one, looks at it again and again. Here the time in between passes at once. */
async function hurried<T>(work: Promise<T>): Promise<T> {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  onTestFinished(end)
  while (!over) {
    await vi.advanceTimersByTimeAsync(500)
    await setImmediate()
  }
  return work
}

test('only one holder at a time; the others say that they wait', async () => {
  const path = join(temporaryFolder(), 'cache', 'libtorch')
  let inside = 0
  let waiting = 0
  const enter = () =>
    withLock(
      path,
      () => waiting++,
      async () => {
        expect(++inside).toBe(1)
        await until(() => waiting === 2)
        await setImmediate()
        inside--
        return 'done'
      },
    )
  expect(await hurried(Promise.all([enter(), enter(), enter()]))).toEqual(['done', 'done', 'done'])
  expect(waiting).toBe(2)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a signal ends the wait for a lock', async () => {
  const path = join(temporaryFolder(), 'libtorch')
  await withLock(path, expect.fail, async () => {
    const timers = vi.getTimerCount()
    for (const soon of [true, false]) {
      const controller = new AbortController()
      const abort = () => controller.abort(new Error('enough'))
      const onWait = () => (soon ? abort() : setTimeout(abort, 1))
      await expect(hurried(withLock(path, onWait, expect.fail, controller.signal))).rejects.toThrow('enough')
      // Nothing keeps the process alive. (While the holder gives a sign of life, its own timer is missing too.)
      await until(() => vi.getTimerCount() === timers)
    }
  })
})

test('a failure gives the lock back', async () => {
  const path = join(temporaryFolder(), 'libtorch')
  await expect(withLock(path, expect.fail, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await withLock(path, expect.fail, async () => 1)).toBe(1)
})

test('work whose lock was lost ends with a sentence, and an error of its own goes first', async () => {
  let lose = () => {}
  vi.spyOn(lockfile, 'lock').mockImplementation(async (_, options) => {
    lose = () => options!.onCompromised!(new Error('lost'))
    return () => Promise.reject(new Error('Lock is already released'))
  })
  const path = join(temporaryFolder(), 'libtorch')
  const work = withLock(path, expect.fail, async () => lose())
  await expect(work).rejects.toThrow(`Expected to hold the lock of ${path} but another process took it`)
  const broken = withLock(path, expect.fail, async () => {
    lose()
    throw new Error('broken')
  })
  await expect(broken).rejects.toThrow('broken')
})

test('a lock that is tried is taken once, and again when it was given back', async () => {
  const path = join(temporaryFolder(), 'cell')
  const held = await tryLock(path)
  expect(await tryLock(path)).toBeUndefined()
  await held?.release()
  const again = await tryLock(path)
  expect(again?.lost.aborted).toBe(false)
  await again?.release()
})

test('who was away too long is told that the lock is lost', async () => {
  const path = join(temporaryFolder(), 'cell')
  const held = await tryLock(path, 2_000)
  rmSync(`${path}.lock`, { recursive: true })
  await hurried(once(held!.lost, 'abort'))
  expect(held?.lost.reason).toMatchObject({
    message: `Expected to hold the lock of ${path} but another process took it`,
  })
  await held?.release()
})
