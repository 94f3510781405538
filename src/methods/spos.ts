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
    const { choices, operations } = context.space
    this.#context = context
    this.#paths = PathSampler.uniform(choices)
    this.pathDistribution = [...uniformDistribution(operations.length)]
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
