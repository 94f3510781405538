/** Divides independent pieces of work among processes: each takes the next piece as soon as it has done one. */
import type { World } from './world.js'

/** A result, and whether this process computed it. */
export interface SharedResult<Result> {
  readonly result: Result
  readonly mine: boolean
}

/**
 * Does a piece of work for each item, in whichever process is free, and yields all results in the order of the items, in
 * all processes. Every process calls it with the same items. Results must be plain JSON, so that they are the same bits
 * everywhere.
 *
 * @param known The result of an item that is known already; only the first process is asked.
 * @throws What `work` throws; UserError if another process is gone; the reason of an aborted signal.
 */
export async function* shareWork<Item, Result>(
  world: World,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { known, signal }: { readonly known?: (item: Item) => Result | undefined; readonly signal?: AbortSignal } = {},
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

  let allTaken = false
  for (let next = 0; next < items.length; next++) {
    for (;;) {
      const result = results.get(next) ?? parsed(communicator.get(`${key}/${next}`))
      if (result !== undefined) {
        results.delete(next)
        yield result
        break
      }
      signal?.throwIfAborted()
      const taken = allTaken ? undefined : open[communicator.add(key, 1) - 1]
      if (taken === undefined) {
        allTaken = true
        results.set(next, parsed(await world.valueOf(`${key}/${next}`, signal))!)
        continue
      }
      const own = await work(items[taken])
      communicator.set(`${key}/${taken}`, JSON.stringify(own))
      results.set(taken, { result: own, mine: true })
    }
  }

  function parsed(text: string | undefined): SharedResult<Result> | undefined {
    return text === undefined ? undefined : { result: JSON.parse(text), mine: false }
  }
}
