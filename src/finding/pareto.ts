/**
 * Orders candidates with several goals by non-dominated sorting and crowding distance, as NSGA-II does (Deb et al.,
 * 2002). In every goal more is better. With one goal it is the order of that goal.
 */

export interface HasGoals {
  readonly goals: readonly number[]
}

/** True if `a` is at least as good as `b` in every goal and better in at least one. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if (a[i] < b[i]) return false
    if (a[i] > b[i]) better = true
  }
  return better
}

/**
 * Front of each element, in the order of `goals`: 0 if nothing dominates it, else 1 + the largest front of the elements
 * that do. Uses efficient non-dominated sorting with binary search (Zhang et al., 2015): O(n log n) for one goal.
 */
export function frontsOf(goals: readonly (readonly number[])[]): number[] {
  const order = [...goals.keys()].sort((i, j) => compareGoals(goals[j], goals[i]))
  const members: (readonly number[])[][] = []
  const fronts = new Array<number>(goals.length)
  for (const i of order) {
    // A later element never dominates an earlier one. If front f dominates an element, so do all fronts before f.
    const isDominated = (front: number) => members[front].some((other) => dominates(other, goals[i]))
    let low = 0
    let high = members.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isDominated(middle)) low = middle + 1
      else high = middle
    }
    fronts[i] = low
    members[low] ??= []
    members[low].push(goals[i])
  }
  return fronts
}

/**
 * Crowding distance of each element of one front: the sum over goals of the distance between its two neighbours, as a
 * share of the goal's range. It is infinite at the ends.
 */
export function crowdingDistances(goals: readonly (readonly number[])[]): number[] {
  const distances = new Array<number>(goals.length).fill(0)
  for (let goal = 0; goal < (goals[0]?.length ?? 0); goal++) {
    const order = [...goals.keys()].sort((i, j) => goals[i][goal] - goals[j][goal])
    const first = order[0]
    const last = order[order.length - 1]
    const range = goals[last][goal] - goals[first][goal]
    if (range === 0) continue
    distances[first] = distances[last] = Number.POSITIVE_INFINITY
    for (let k = 1; k < order.length - 1; k++) {
      distances[order[k]] += (goals[order[k + 1]][goal] - goals[order[k - 1]][goal]) / range
    }
  }
  return distances
}

/** Sorted by front; within a front, by crowding distance, largest first. Equal candidates keep their order. */
export function bestFirst<T extends HasGoals>(candidates: readonly T[]): T[] {
  const fronts = frontsOf(candidates.map(({ goals }) => goals))
  const byFront: T[][] = []
  for (const [i, candidate] of candidates.entries()) {
    byFront[fronts[i]] ??= []
    byFront[fronts[i]].push(candidate)
  }
  return byFront.flatMap((front) => {
    const distances = crowdingDistances(front.map(({ goals }) => goals))
    // Infinities are equal: their difference is not a number.
    const order = [...front.keys()].sort((i, j) => (distances[i] === distances[j] ? 0 : distances[j] - distances[i]))
    return order.map((i) => front[i])
  })
}

/** Candidates that nothing dominates, best in the first goal first. Of candidates with equal goals the first stays. */
export function paretoFront<T extends HasGoals>(candidates: readonly T[]): T[] {
  const distinct = new Map<string, T>()
  for (const candidate of candidates) {
    const key = candidate.goals.join()
    if (!distinct.has(key)) distinct.set(key, candidate)
  }
  const kept = [...distinct.values()]
  const fronts = frontsOf(kept.map(({ goals }) => goals))
  return kept.filter((_, i) => fronts[i] === 0).sort((a, b) => compareGoals(b.goals, a.goals))
}

function compareGoals(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return 0
}
