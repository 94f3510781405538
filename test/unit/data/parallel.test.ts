import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inParallel } from '../../../src/data/parallel.js'

describe('inParallel', () => {
  it('calls with every index, so many at a time and no more', async () => {
    const seen: number[] = []
    let now = 0
    let most = 0
    await inParallel(10, 3, async (index) => {
      most = Math.max(most, ++now)
      seen.push(index)
      await setTimeout(1)
      now--
    })
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(most).toBe(3)
    await inParallel(0, 3, () => Promise.reject(new Error('called')))
  })

  it('begins nothing after a failure', async () => {
    const seen: number[] = []
    const work = async (index: number) => {
      seen.push(index)
      await setTimeout(1)
      if (index === 1) throw new Error('one')
    }
    await expect(inParallel(100, 2, work)).rejects.toThrow('one')
    await setTimeout(10)
    expect(seen.length).toBeLessThan(5)
  })
})
