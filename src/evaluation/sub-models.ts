/** Selects the sub-models of a space that a ranking evaluates. */

import { expected } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import type { RankingConfig } from '../config/schema.js'
import { firstOfEachClass, LISTABLE_PATHS } from '../sampling/deisomorphic.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { PathSampler } from '../sampling/paths.js'
import { enumeratePaths, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { GroundTruth } from './ground-truth.js'

/** Above this size, a small sample is drawn path by path, because listing the space takes longer. */
const SMALL = 100_000

/**
 * The sub-models to rank: all paths of the space, or the paths of the ground truth, or a uniform sample without
 * replacement of `subModels` paths. With `deIsomorphic` the first path of each isomorphism class represents its class
 * (De-isomorphic sampling, Ning et al., 2021).
 *
 * @throws UserError for more sub-models than the space has or than two million, for a list of a space of more than two
 *   million paths, and for `deIsomorphic` in a space without an isomorphism rule.
 */
export function selectSubModels(
  space: SearchSpace,
  { subModels, deIsomorphic }: RankingConfig,
  groundTruth: GroundTruth | undefined,
  random: RandomStream,
): readonly Path[] {
  const covered = subModels === 'groundTruth' && groundTruth !== undefined
  const size = spaceSize(space)
  if (typeof subModels === 'number' && subModels > LISTABLE_PATHS && size > LISTABLE_PATHS) {
    throw expected(`at most ${LISTABLE_PATHS}`, 'ranking.subModels', subModels, 2)
  }
  if (!covered && size > SMALL && typeof subModels === 'number' && !deIsomorphic && 10n * BigInt(subModels) < size) {
    return drawDifferent(space, subModels, random)
  }
  if (!covered && size > LISTABLE_PATHS) {
    const received = deIsomorphic ? 'ranking.deIsomorphic' : subModels
    const about = Number(size).toPrecision(3)
    throw expected(`a number of the ${about} paths of ${space.name}`, 'ranking.subModels', received, 2)
  }
  const paths = covered ? groundTruth.paths : enumeratePaths(space)
  const candidates = deIsomorphic ? firstOfEachClass(space, paths, 'ranking.deIsomorphic') : [...paths]
  if (typeof subModels !== 'number') return candidates
  if (subModels > candidates.length) {
    throw expected(`at most ${candidates.length}`, `ranking.subModels with ${space.name}`, subModels, 2)
  }
  return sampleWithoutReplacement(candidates, subModels, random)
}

/** `count` different paths. A path drawn twice is rare, because `count` is far below the size of the space. */
function drawDifferent(space: SearchSpace, count: number, random: RandomStream): Path[] {
  const sampler = PathSampler.uniform(space.choices)
  const sample = new Map<string, Path>()
  while (sample.size < count) {
    const path = sampler.draw(random)
    sample.set(path.join(), path)
  }
  return [...sample.values()]
}
