/** Divides independent pieces of work among processes: each takes the next piece as soon as it has done one. */
import type { World } from './world.js'

/** A result, and whether this process computed it. */
export interface SharedResult<Result> {
  readonly result: Result
  readonly mine: boolean
}

/** Milliseconds between two looks whether the other processes go on. */
const LOOK = 1000

/** What {@link shareWork} may be told. */
export interface ShareOptions<Item, Result> {
  /** The result of an item that is known already; only the first process is asked. */
  known?(item: Item): Result | undefined
  /** Receives results of other processes that were not yielded when another process ended or the signal was aborted. */
  keep?(result: Result): Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Does a piece of work for each item, in whichever process is free, and yields all results in the order of the items, in
 * all processes. Every process calls it with the same items. Results must be plain JSON, so that they are the same bits
 * everywhere.
 *
 * @throws What `work` throws; UserError if another process is gone; the reason of an aborted signal.
 */
export async function* shareWork<Item, Result>(
  world: World,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { known, keep, signal }: ShareOptions<Item, Result> = {},
): AsyncGenerator<SharedResult<Result>> {
  const { communicator } = world
  const key = world.uniqueKey('work')
  const results = new Map<number, SharedResult<Result>>()
  const before: (readonly [number, Result])[] = await world.fromFirst(() =>
    items.flatMap((item, i) => {
      const result = known?.(item)
      return result === undefined ? [] : [[i, result] as const]
    }),
  )
  for (const [i, result] of before) results.set(i, { result, mine: world.isFirst })
  const open = items.map((_, i) => i).filter((i) => !results.has(i))

  let looked = performance.now()
  let allTaken = false
  for (let next = 0; next < items.length; next++) {
    for (;;) {
      const result = results.get(next) ?? parsed(communicator.get(`${key}/${next}`))
      if (result !== undefined) {
        results.delete(next)
        yield result
        break
      }
      if (signal?.aborted) await keepRest(next, signal.reason)
      await look(next)
      const taken = allTaken ? undefined : open[communicator.add(key, 1) - 1]
      if (taken === undefined) {
        allTaken = true
        const text = await world.valueOf(`${key}/${next}`, signal).catch((error) => keepRest(next, error))
        results.set(next, parsed(text)!)
        continue
      }
      const own = await work(items[taken]).catch((error) => keepRest(next, error))
      communicator.set(`${key}/${taken}`, JSON.stringify(own))
      results.set(taken, { result: own, mine: true })
    }
  }

  /** Throws if another process is gone, for then the result that is to be yielded next may never come. */
  async function look(next: number): Promise<void> {
    if (performance.now() - looked < LOOK) return
    looked = performance.now()
    try {
      communicator.check()
    } catch (error) {
      await keepRest(next, error)
    }
  }

  async function keepRest(next: number, error: unknown): Promise<never> {
    try {
      for (let i = next; keep !== undefined && i < items.length; i++) {
        const result = results.has(i) ? undefined : parsed(communicator.get(`${key}/${i}`))
        if (result !== undefined) await keep(result.result)
      }
    } catch {
      // The store has ended with the process that kept it.
    }
    throw error
  }

  function parsed(text: string | undefined): SharedResult<Result> | undefined {
    return text === undefined ? undefined : { result: JSON.parse(text), mine: false }
  }
}
