/** Processes that are tasks of one process here; see `fake-communicator.ts`. Import `fake-addon.ts` before it. */
import { World } from '../../src/distributed/index.js'
import type { ProcessPlace } from '../../src/distributed/place.js'

let store = 0

/** Does the same in all ranks at once. */
export async function inRanks<T>(size: number, work: (world: World) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  const file = `store-${store++}`
  return Promise.allSettled(
    Array.from({ length: size }, async (_, rank) => {
      const place: ProcessPlace = {
        rank,
        size,
        localRank: rank,
        localSize: size,
        store: { file },
        attempt: '',
        startedBy: 'pada-native',
      }
      const world = await World.join(place)
      return work(world)
    }),
  )
}

/** What each rank returned, or the message of its error. */
export function valuesOf<T>(results: readonly PromiseSettledResult<T>[]): unknown[] {
  return results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))
}
