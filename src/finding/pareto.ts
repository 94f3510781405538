/**
 * Order among candidates with several goals, each of which is better the larger it is: non-dominated sorting and
 * crowding distance, as in NSGA-II (Deb et al., 2002). With one goal it is the order of that goal.
 */

export interface HasGoals {
  readonly goals: readonly number[]
}

/** Whether `a` is at least as good as `b` in every goal and better in one. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if (a[i] < b[i]) return false
    if (a[i] > b[i]) better = true
  }
  return better
}

/**
 * Front of each element, in their order: 0 where nothing dominates it, else one more than the largest front of those that
 * do. By efficient non-dominated sort with binary search (Zhang et al., 2015): O(n log n) for one goal.
 */
export function frontsOf(goals: readonly (readonly number[])[]): number[] {
  const order = [...goals.keys()].sort((i, j) => compareGoals(goals[j], goals[i]))
  const members: (readonly number[])[][] = []
  const fronts = new Array<number>(goals.length)
  for (const i of order) {
    // What comes later in the order never dominates. Whoever is dominated from front f is from all before it.
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
 * Crowding distance of each element among all of one front: over the goals, the sum of the distance between its two
 * neighbours as a share of the whole range; infinite for the ends.
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

/** Better fronts first, within a front those in emptier surroundings; equals keep their order. */
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

/** What nothing dominates, the best in the first goal first; of those with equal goals the first one. */
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
