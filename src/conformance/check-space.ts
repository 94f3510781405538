/**
 * Checks the rules on which methods, rankings and searches rely, for the tests of a search space. Images and weights
 * are random, so a small instance of the space is enough and much faster.
 */

import { RandomStream } from '../base/random.js'
import { PathSampler } from '../sampling/paths.js'
import type { SearchSpace } from '../spaces/space.js'
import { computationProblems } from './computation.js'
import { pathProblems, structureProblems } from './description.js'

/** Extent of the check. */
export interface ConformanceOptions {
  /** Number of paths to draw and run; default 20. */
  readonly paths?: number
  /** Seed of paths, weights and images; default 0. */
  readonly seed?: number
  /** When aborted, the check ends between two paths and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Lists the rules that `space` breaks, with the first place of each, one sentence for each:
 *
 * - It has all members. Every choice has options, and its operations exist.
 * - `decode` inverts `encode`, whose texts are not read as the numbers of other options. In a space of at most 20,000
 *   paths, no two paths have the same notation.
 * - `program` and `encode` refuse paths outside the space, and `decode` refuses other texts.
 * - Tensors have different names, and some path uses each parameter. Only paths with an operation use the weights that
 *   are marked with it. If paths use different weights, some are marked.
 * - Programs compile, take images of the space's input and give one finite logit per class.
 * - Gradients are finite, and agree with finite differences of the loss.
 * - A path without its dead edges gives the same logits.
 *
 * Rules are tried in this order, and later ones only if the space keeps those that they need.
 *
 * @returns The sentences; an empty list if the space keeps all rules.
 * @throws The signal's reason if it aborts; a RangeError for less than one path.
 */
export async function checkSpace(
  space: SearchSpace,
  { paths = 20, seed = 0, signal }: ConformanceOptions = {},
): Promise<string[]> {
  signal?.throwIfAborted()
  if (!(Number.isInteger(paths) && paths > 0)) throw new RangeError(`Expected at least one path but received ${paths}`)
  const problems = structureProblems(space)
  if (problems.length > 0) return problems
  const sampler = PathSampler.uniform(space.choices)
  const stream = RandomStream.named(seed, 'conformance')
  const drawn = Array.from({ length: paths }, () => sampler.draw(stream))
  problems.push(...pathProblems(space, drawn, stream))
  return problems.length > 0 ? problems : computationProblems(space, drawn, { seed, signal })
}
