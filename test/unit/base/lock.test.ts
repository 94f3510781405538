import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { tryLock, withLock } from '../../../src/base/lock.js'
import { temporaryFolder } from '../../support/folders.js'

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
        await setTimeout(50)
        inside--
        return 'done'
      },
    )
  expect(await Promise.all([enter(), enter(), enter()])).toEqual(['done', 'done', 'done'])
  expect(waiting).toBe(2)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a failure gives the lock back', async () => {
  const path = join(temporaryFolder(), 'libtorch')
  await expect(withLock(path, expect.fail, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await withLock(path, expect.fail, async () => 1)).toBe(1)
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
  await setTimeout(1_500)
  expect(held?.lost.aborted).toBe(true)
  expect(held?.lost.reason).toMatchObject({
    message: `Expected to hold the lock of ${path} but another process took it`,
  })
  await held?.release()
})
