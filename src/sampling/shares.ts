import { operationsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** Share of each of the K operations among all operations that the paths take. */
export function operationShares(space: SearchSpace, paths: readonly Path[]): number[] {
  const counts = space.operations.map(() => 0)
  for (const path of paths) for (const operation of operationsOf(space, path)) counts[operation]++
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => count / total)
}
