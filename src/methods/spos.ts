/** SPOS (Guo et al., ECCV 2020): one path per step, drawn uniformly; data in shuffled epochs. */
import type { Batch, StepOptions, StepRecord } from '../native.js'
import { shuffledIndices } from '../sampling/indices.js'
import { PathSampler, uniformDistribution } from '../sampling/paths.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

export class Spos implements Method {
  readonly name = 'spos'
  readonly overlapping = true
  readonly pathDistribution: readonly number[]
  readonly #context: MethodContext
  readonly #paths: PathSampler

  constructor(context: MethodContext) {
    const { edges, operations } = context.space
    const uniform = uniformDistribution(operations.length)
    this.#context = context
    this.#paths = new PathSampler(edges, [uniform])
    this.pathDistribution = [...uniform]
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
