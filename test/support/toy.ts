/** Spaces that have only choices. Costs and accuracies of paths are sums over the choices. */
import type { Candidate, Finder } from '../../src/finding/index.js'
import { enumeratePaths } from '../../src/spaces/path.js'
import type { Path, SearchSpace } from '../../src/spaces/space.js'

export function toySpace(choices: number, options: number, extra: Partial<SearchSpace> = {}): SearchSpace {
  const each = Array.from({ length: choices }, (_, c) => ({ name: `choice ${c}`, connections: options }))
  return { name: 'toy', choices: each, ...extra } as SearchSpace
}

/** An accuracy that is highest for option c mod 3 at each choice c. */
export function separable(path: Path): number {
  return path.reduce((sum, option, c) => sum - (option - (c % 3)) ** 2, 0)
}

/** A cost: each option costs its square. */
export function size(path: Path): number {
  return path.reduce((sum, option) => sum + option ** 2, 0)
}

export async function drain(finder: Finder): Promise<{ tried: Candidate[]; front: Candidate[] }> {
  const tried: Candidate[] = []
  for (;;) {
    const { done, value } = await finder.next()
    if (done) return { tried, front: value }
    tried.push(value)
  }
}

export function keys(candidates: readonly { path: Path }[]): string[] {
  return candidates.map(({ path }) => path.join())
}

/** Accuracies and sizes on the Pareto front, most accurate first, by comparing all pairs of paths. */
export function bruteForceFront(space: SearchSpace, accuracy: (path: Path) => number): string[] {
  const all = [...enumeratePaths(space)].map((path) => [accuracy(path), size(path)] as const)
  const kept = all.filter(([a, s]) => !all.some(([b, t]) => b >= a && t <= s && (b > a || t < s)))
  return [...new Set(kept.toSorted((x, y) => y[0] - x[0]).map((point) => point.join()))]
}
