import { enumeratePaths } from '../../src/spaces/path.js'
import type { Path, SearchSpace } from '../../src/spaces/space.js'

/** The first path of each isomorphism class, in lexicographic order. */
export function isomorphismClasses(space: SearchSpace): Path[] {
  const seen = new Set<string>()
  return [...enumeratePaths(space)].filter((path) => {
    const key = space.isomorphismKey!(path)
    return !seen.has(key) && seen.add(key)
  })
}
