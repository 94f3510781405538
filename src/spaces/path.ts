/** What all spaces do with paths: check them, list them, read them from text. */
import { UserError } from '../errors.js'
import type { Path, SearchSpace } from './space.js'

/** Throws a {@link UserError} unless `path` has one known operation for each edge of the space. */
export function checkPath(space: Pick<SearchSpace, 'name' | 'edges' | 'operations'>, path: Path): void {
  if (path.length !== space.edges) {
    throw new UserError(
      `Expected ${space.edges} operations for a path of ${space.name} but received ${path.length}: ${path.join(',')}`,
      2,
    )
  }
  const last = space.operations.length - 1
  for (const operation of path) {
    if (!Number.isInteger(operation) || operation < 0 || operation > last) {
      throw new UserError(
        `Expected operations 0…${last} for a path of ${space.name} but received ${operation} in ${path.join(',')}`,
        2,
      )
    }
  }
}

/** Reads `3,0,1,…` (operation indices) or the space's own notation; throws one clear sentence for anything else. */
export function parsePath(space: SearchSpace, text: string): Path {
  const trimmed = text.trim()
  if (!/^-?\d+(\s*,\s*-?\d+)*$/.test(trimmed)) return space.decode(trimmed)
  const path = trimmed.split(',').map(Number)
  checkPath(space, path)
  return path
}

/** All sequences of `edges` choices among `operations` operations, in lexicographic order. */
export function* enumeratePaths(edges: number, operations: number): Generator<Path> {
  const path = new Array<number>(edges).fill(0)
  for (;;) {
    yield path.slice()
    let edge = edges - 1
    while (edge >= 0 && path[edge] === operations - 1) path[edge--] = 0
    if (edge < 0) return
    path[edge]++
  }
}
