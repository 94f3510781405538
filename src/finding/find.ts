/** Searches a trained supernet for the best sub-models: from settings to events and the outcome. */

import type { RandomStream } from '../base/random.js'
import type { FindingConfig } from '../config/schema.js'
import { sizeIn, sumOfRanks } from '../evaluation/criteria.js'
import { type GroundTruth, subModelTruth } from '../evaluation/ground-truth.js'
import { spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { CandidateEvent, Found, FoundSubModel } from './events.js'
import {
  type Candidate,
  type Constraints,
  costsOf,
  evaluationsOf,
  frontsOf,
  type Origin,
  paretoFront,
  startFinder,
} from './index.js'

export interface FindOptions {
  readonly space: SearchSpace
  readonly settings: FindingConfig
  /** Accuracy of a path in [0, 1]. It must return the same for the same path, because a resumed search asks again. */
  evaluate(path: Path): Promise<number>
  /** The same for several paths, in their order; see {@link Problem.evaluateAll}. */
  evaluateAll?(paths: readonly Path[]): AsyncIterable<number>
  /** Milliseconds per batch, the same for the same path; required if {@link needsLatency}. */
  readonly latency?: (path: Path) => Promise<number>
  readonly groundTruth?: GroundTruth
  readonly random: RandomStream
  readonly signal?: AbortSignal
}

/** A sub-model that a search evaluated. */
export interface TriedSubModel extends FoundSubModel {
  /**
   * Number of its front; nothing evaluated dominates front 1. With one objective, its place by `finding.by`; equal ones
   * have the same.
   */
  readonly front: number
  readonly origin: Origin
}

/** The best sub-models of a search, and all that it evaluated. */
export interface FindOutcome {
  readonly found: Found
  /** Sorted by front, then by the first objective. */
  readonly all: readonly TriedSubModel[]
}

export async function* find(options: FindOptions): AsyncGenerator<CandidateEvent, FindOutcome> {
  const { space, settings, evaluate, evaluateAll, groundTruth, random, signal } = options
  const { objectives, algorithm, top } = settings
  const problem = { ...constraints(options), evaluate, evaluateAll, objectives, random, signal }
  const size = spaceSize(space)
  const most = evaluationsOf(settings)
  const total = size < BigInt(most) ? Number(size) : most

  const candidates: Candidate[] = []
  let best = Number.NEGATIVE_INFINITY
  for await (const candidate of startFinder(problem, settings)) {
    candidates.push(candidate)
    const { path, accuracy } = candidate
    best = Math.max(best, accuracy)
    yield { event: 'candidate', done: candidates.length, total, path, accuracy, best }
  }

  const goals =
    settings.by === 'accuracy' ? candidates.map((one) => one.goals) : withSize(candidates, sizeIn(settings.by))
  const fronts = frontsOf(goals)
  const nondominated = new Set(paretoFront(candidates))
  const truth = subModelTruth(space, groundTruth)
  const all = candidates
    .map((candidate, i) => ({ candidate, front: fronts[i] + 1 }))
    .sort((a, b) => a.front - b.front || b.candidate.goals[0] - a.candidate.goals[0])
    .map(({ candidate, front }) => {
      const { path, accuracy, costs, origin } = candidate
      const subModel = { path, arch: space.encode(path), accuracy, groundTruth: truth(path), costs }
      return { candidate, subModel, row: { ...subModel, front, origin } }
    })
  const listed = objectives.length > 1 ? all.filter(({ candidate }) => nondominated.has(candidate)) : all.slice(0, top)
  const subModels = listed.map(({ subModel }) => subModel)
  const { limits, by } = settings
  const found = { algorithm, evaluations: candidates.length, limits, objectives, by, best: subModels }
  return { found, all: all.map(({ row }) => row) }
}

/** The space with its costs and limits. Without `latency`, limits of latency are left out. */
export function constraints(options: Pick<FindOptions, 'space' | 'settings' | 'latency' | 'signal'>): Constraints {
  const { space, settings, latency, signal } = options
  const counted = costsOf(space, settings)
  const costs = latency === undefined ? counted : { ...counted, latency }
  const limits = Object.fromEntries(Object.entries(settings.limits).filter(([name]) => name in costs))
  return { space, costs, limits, signal }
}

/** Sums of the ranks by accuracy and by size, as the only goal. */
function withSize(candidates: readonly Candidate[], size: ReturnType<typeof sizeIn>): number[][] {
  const accuracies = candidates.map(({ accuracy }) => accuracy)
  const sizes = candidates.map(({ costs }) => costs[size])
  return Array.from(sumOfRanks(accuracies, sizes), (sum) => [sum])
}

/** True if the settings have latency as a limit or an objective. */
export function needsLatency({ limits, objectives }: FindingConfig): boolean {
  return limits.latency !== undefined || objectives.includes('latency')
}
