import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inParallel } from '../../../src/data/parallel.js'

/** Work that ends only when the test ends it, by the index of the call; afterwards whatever that leads to has begun. */
function byHand() {
  const begun: number[] = []
  const endings: ((error?: Error) => void)[] = []
  const work = (index: number) => {
    begun.push(index)
    return new Promise<void>((resolve, reject) => {
      endings[index] = (error) => (error === undefined ? resolve() : reject(error))
    })
  }
  const end = async (index: number, error?: Error) => {
    endings[index](error)
    await setImmediate()
  }
  return { begun, work, end }
}

describe('inParallel', () => {
  it('calls with every index, so many at a time and no more', async () => {
    const { begun, work, end } = byHand()
    const all = inParallel(6, 3, work)
    expect(begun).toEqual([0, 1, 2])
    for (const [ended, next] of [
      [1, 3],
      [3, 4],
      [0, 5],
    ]) {
      await end(ended)
      expect(begun.at(-1)).toBe(next)
      expect(begun).toHaveLength(next + 1)
    }
    for (const last of [2, 4, 5]) await end(last)
    await all
    expect(begun).toEqual([0, 1, 2, 3, 4, 5])
    await inParallel(0, 3, () => Promise.reject(new Error('called')))
  })

  it('begins nothing after a failure', async () => {
    const { begun, work, end } = byHand()
    const all = inParallel(100, 2, work)
    // Before it happens, or Node takes the failure for one that nobody waits for.
    const failure = expect(all).rejects.toThrow('one')
    await end(0)
    await end(1, new Error('one'))
    await failure
    await end(2)
    expect(begun).toEqual([0, 1, 2])
  })
})
