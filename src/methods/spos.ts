/**
 * SPOS (Guo et al., ECCV 2020): one uniformly drawn path per step; data in shuffled epochs. Alternatively, paths are
 * drawn in proportion to size (Luo et al., 2019), or isomorphism classes with equal probability (Ning et al., 2021).
 */
import { RandomStream } from '../base/random.js'
import type { SposConfig } from '../config/schema.js'
import { DeIsomorphicSampler } from '../sampling/deisomorphic.js'
import { ModelSizeSampler } from '../sampling/model-size.js'
import { PathSampler, type PathSource, uniformDistribution } from '../sampling/paths.js'
import { operationShares } from '../sampling/shares.js'
import type { SearchSpace } from '../spaces/space.js'
import type { MethodContext } from './method.js'
import { OnePathMethod } from './one-path-method.js'

/** Number of paths from which the shares of operations are estimated. Standard deviations are below 0.01. */
const DRAWS = 1000

/** Uniform paths, shuffled images (SPOS, Guo et al., ECCV 2020). */
export class Spos extends OnePathMethod {
  readonly name = 'spos'
  /** For `modelSize`, an estimate from a thousand draws. */
  readonly pathDistribution: readonly number[]

  /** Throws a UserError for `deIsomorphic` in a space without an isomorphism rule or too large to list. */
  constructor({ sampling }: Pick<SposConfig, 'sampling'>, context: MethodContext) {
    const { paths, shares } = samplingOf(sampling, context.space)
    super(context, paths)
    this.pathDistribution = shares
  }
}

/** Source of paths, and the share of each operation in them. */
function samplingOf(sampling: SposConfig['sampling'], space: SearchSpace): { paths: PathSource; shares: number[] } {
  if (sampling === 'uniform') {
    return { paths: PathSampler.uniform(space.choices), shares: [...uniformDistribution(space.operations.length)] }
  }
  if (sampling === 'modelSize') {
    const paths = new ModelSizeSampler(space)
    const random = RandomStream.named(0, 'shares')
    const drawn = Array.from({ length: DRAWS }, () => paths.draw(random))
    return { paths, shares: operationShares(space, drawn) }
  }
  const paths = new DeIsomorphicSampler(space)
  return { paths, shares: operationShares(space, paths.representatives) }
}
