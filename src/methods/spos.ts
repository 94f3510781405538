/**
 * SPOS (Guo et al., ECCV 2020): one path per step, drawn uniformly; data in shuffled epochs. Paths can be drawn in
 * proportion to their size instead (Luo et al., 2019), or each isomorphism class with the same probability (Ning et al.,
 * 2021).
 */

import { RandomStream } from '../base/random.js'
import type { SposConfig } from '../config/schema.js'
import type { Batch, StepOptions, StepRecord } from '../native/index.js'
import { DeIsomorphicSampler } from '../sampling/deisomorphic.js'
import { shuffledIndices } from '../sampling/indices.js'
import { ModelSizeSampler } from '../sampling/model-size.js'
import { PathSampler, type PathSource, uniformDistribution } from '../sampling/paths.js'
import { operationsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

/** Paths that the shares of operations are estimated from: standard deviations are below 0.01. */
const DRAWS = 1000

/** Uniform paths, shuffled images (SPOS, Guo et al., ECCV 2020). */
export class Spos implements Method {
  readonly name = 'spos'
  readonly overlapping = true
  /** Of `modelSize` an estimate from a thousand draws. */
  readonly pathDistribution: readonly number[]
  readonly #context: MethodContext
  readonly #paths: PathSource

  /** Throws a UserError for `deIsomorphic` in a space without an isomorphism rule or too large to list. */
  constructor({ sampling }: Pick<SposConfig, 'sampling'>, context: MethodContext) {
    const { space } = context
    this.#context = context
    if (sampling === 'uniform') {
      this.#paths = PathSampler.uniform(space.choices)
      this.pathDistribution = [...uniformDistribution(space.operations.length)]
    } else if (sampling === 'modelSize') {
      const paths = new ModelSizeSampler(space)
      const random = RandomStream.named(0, 'shares')
      this.#paths = paths
      this.pathDistribution = operationShares(
        space,
        Array.from({ length: DRAWS }, () => paths.draw(random)),
      )
    } else {
      const paths = new DeIsomorphicSampler(space)
      this.#paths = paths
      this.pathDistribution = operationShares(space, paths.representatives)
    }
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepRecord> {
    const path = this.#paths.draw(this.#context.random.paths)
    return engine.supernet.trainStep(engine.plan(path), batch, options)
  }

  endEpoch(): void {}

  state(): MethodState {
    return {}
  }

  restore(): void {}
}

/** Of all operations that these paths take, the share of each of the K. */
function operationShares(space: SearchSpace, paths: readonly Path[]): number[] {
  const counts = space.operations.map(() => 0)
  for (const path of paths) for (const operation of operationsOf(space, path)) counts[operation]++
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => count / total)
}
