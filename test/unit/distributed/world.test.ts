/** Agreements and shared work of processes that are tasks of one process here; see `fake-communicator.ts`. */
import '../../support/fake-addon.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { shareWork, tellingFailure, World } from '../../../src/distributed/index.js'
import type { ProcessPlace } from '../../../src/distributed/place.js'
import { inRanks, valuesOf } from '../../support/ranks.js'

describe('a world', () => {
  it('gives all processes what the first computes', async () => {
    expect(valuesOf(await inRanks(3, (world) => world.fromFirst(() => world.rank + 10)))).toEqual([10, 10, 10])
  })

  it('agrees, or names the rank that differs', async () => {
    expect(valuesOf(await inRanks(3, (world) => world.agree('colour', 'red')))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    const sentence = 'Expected the same colour in all processes but rank 2 has another: blue, rank 0 has red'
    const differing = await inRanks(3, (world) => world.agree('colour', world.rank === 2 ? 'blue' : 'red'))
    expect(valuesOf(differing)).toEqual([sentence, sentence, sentence])
  })

  it('waits at a barrier for the last', async () => {
    const order: string[] = []
    await inRanks(3, async (world) => {
      await sleep(20 * world.rank)
      order.push('before')
      await world.barrier()
      order.push('after')
    })
    expect(order).toEqual(['before', 'before', 'before', 'after', 'after', 'after'])
  })

  it('ends all processes with the reason of the one that failed first', async () => {
    const results = await inRanks(3, async (world) => {
      const events = tellingFailure(
        world,
        (async function* () {
          if (world.rank === 1) throw new Error('the disk is full')
          await world.barrier()
          yield undefined
        })(),
      )
      await events.next()
    })
    const told = 'Expected all processes to go on but rank 1 ended: the disk is full'
    expect(valuesOf(results)).toEqual([told, 'the disk is full', told])
  })

  it.each([0, 1])('waits for the name of the store, and says that it has no address: rank %i', async (rank) => {
    const store = { host: 'nowhere.invalid', port: 1, isServer: rank === 0 }
    const place: ProcessPlace = {
      rank,
      size: 2,
      localRank: rank,
      localSize: 2,
      store,
      attempt: '',
      startedBy: 'torchrun',
    }
    await expect(World.join(place, { startSeconds: 0.2 })).rejects.toThrow(
      'Expected a store at nowhere.invalid:1 but received no address of nowhere.invalid',
    )
  })

  it('refuses a second process of a rank', async () => {
    const place: ProcessPlace = {
      rank: 0,
      size: 1,
      localRank: 0,
      localSize: 1,
      store: { file: 'twice' },
      attempt: '',
      startedBy: 'torchrun',
    }
    await World.join(place)
    await expect(World.join(place)).rejects.toThrow('Expected one process of rank 0 but another has started before')
  })
})

describe('shared work', () => {
  const items = Array.from({ length: 20 }, (_, i) => i)

  async function results(world: World, work: (item: number) => Promise<number>, known?: (item: number) => number) {
    const all: { result: number; mine: boolean }[] = []
    for await (const result of shareWork(world, items, work, { known })) all.push(result)
    return all
  }

  it('is done once for each item, in order, however fast the processes are', async () => {
    const done: number[] = []
    let resolve = () => {}
    const othersDone = new Promise<void>((done) => {
      resolve = done
    })
    const all = await inRanks(3, (world) =>
      results(world, async (item) => {
        // The first process is slow: its first item takes as long as all others.
        if (world.rank === 0) await othersDone
        if (done.push(item) === items.length - 1) resolve()
        return item * item
      }),
    )
    for (const result of valuesOf(all)) {
      expect((result as { result: number }[]).map((one) => one.result)).toEqual(items.map((item) => item * item))
    }
    expect(done.toSorted((a, b) => a - b)).toEqual(items)
    const [first] = valuesOf(all) as { mine: boolean }[][]
    expect(first.filter(({ mine }) => mine).length).toBe(1)
  })

  it('leaves out what the first process knows', async () => {
    const done: number[] = []
    const all = await inRanks(2, (world) =>
      results(
        world,
        async (item) => {
          done.push(item)
          return -item
        },
        // The other process's memory is not asked.
        world.isFirst ? (item) => (item < 15 ? item : (undefined as unknown as number)) : () => 99,
      ),
    )
    expect(done.toSorted((a, b) => a - b)).toEqual([15, 16, 17, 18, 19])
    for (const result of valuesOf(all)) {
      expect((result as { result: number }[]).map((one) => one.result)).toEqual(
        items.map((item) => (item < 15 ? item : -item)),
      )
    }
  })

  /**
   * The second of three processes fails in its first item, when the third has done three of the items after it. `before`
   * is called then. The first process keeps results.
   */
  async function failingOnce({ before, signal }: { before?: () => Promise<void>; signal?: AbortSignal } = {}) {
    const done: number[][] = [[], [], []]
    const kept: number[] = []
    const all = await inRanks(3, async (world) => {
      const work = async (item: number) => {
        if (world.rank === 1) {
          while (done[2].filter((other) => other > item).length < 3) await sleep(1)
          await before?.()
          world.fail(new Error('out of memory'))
          throw new Error('out of memory')
        }
        await sleep(5)
        done[world.rank].push(item)
        return item
      }
      const keep = async (item: number) => void kept.push(item)
      for await (const _ of shareWork(world, items, work, world.isFirst ? { keep, signal } : {})) {
        // Results before the missing one.
      }
    })
    return { ends: valuesOf(all), done, kept }
  }

  it('ends soon after another process has ended, and keeps what others did', async () => {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 2000))
    const { ends, done, kept } = await failingOnce().finally(() => clock.mockRestore())
    const told = 'Expected all processes to go on but rank 1 ended: out of memory'
    expect(ends).toEqual([told, 'out of memory', told])
    expect(done.flat().length).toBeLessThan(15)
    // The first process has its own results already.
    expect(kept.length).toBeGreaterThanOrEqual(3)
    expect(done[2]).toEqual(expect.arrayContaining(kept))
  })

  it('keeps what others did if it is interrupted while an earlier result is missing', async () => {
    const controller = new AbortController()
    const before = async () => {
      controller.abort(new Error('enough'))
      await sleep(50)
    }
    const { ends, done, kept } = await failingOnce({ before, signal: controller.signal })
    expect(ends[0]).toBe('enough')
    expect(kept.length).toBeGreaterThanOrEqual(3)
    expect(done[2]).toEqual(expect.arrayContaining(kept))
  })

  it('ends everywhere if it fails in one process', async () => {
    const all = await inRanks(2, (world) =>
      results(world, async (item) => {
        if (item === 3) {
          world.fail(new Error('no memory'))
          throw new Error('no memory')
        }
        return item
      }),
    )
    const told = 'Expected all processes to go on but rank 0 ended: no memory'
    expect([told, told.replace('rank 0', 'rank 1')]).toContain(valuesOf(all).find((text) => text !== 'no memory'))
    expect(valuesOf(all)).toContain('no memory')
  })
})
