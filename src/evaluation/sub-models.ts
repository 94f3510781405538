/** Which sub-models of a space a ranking takes. */
import type { RankingConfig } from '../config/schema.js'
import { UserError } from '../errors.js'
import type { RandomStream } from '../random.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { GroundTruth } from './ground-truth.js'

/**
 * The sub-models to rank: all paths of the space, or those that the ground truth covers, or a uniform sample without
 * replacement of `subModels` paths. With `deIsomorphic` each isomorphism class is represented by its first path in
 * lexicographic order (De-isomorphic sampling, Ning et al., 2021).
 *
 * @throws UserError for more sub-models than there are, and for `deIsomorphic` in a space without an isomorphism rule.
 */
export function selectSubModels(
  space: SearchSpace,
  { subModels, deIsomorphic }: RankingConfig,
  groundTruth: GroundTruth | undefined,
  random: RandomStream,
): readonly Path[] {
  const covered = subModels === 'groundTruth' && groundTruth !== undefined
  const paths = covered ? groundTruth.paths : [...space.enumerate()]
  const candidates = deIsomorphic ? firstOfEachClass(space, paths) : paths
  if (typeof subModels !== 'number') return candidates
  if (subModels > candidates.length) {
    throw new UserError(
      `Expected at most ${candidates.length} for ranking.subModels with ${space.name} but received ${subModels}`,
      2,
    )
  }
  return sampleWithoutReplacement(candidates, subModels, random)
}

function firstOfEachClass(space: SearchSpace, paths: readonly Path[]): Path[] {
  if (space.isomorphismKey === undefined) {
    throw new UserError(
      `Expected a space with an isomorphism rule for ranking.deIsomorphic but received ${space.name}, which has none`,
      2,
    )
  }
  const representatives = new Map<string, Path>()
  for (const path of paths) {
    const key = space.isomorphismKey(path)
    if (!representatives.has(key)) representatives.set(key, path)
  }
  return [...representatives.values()]
}
