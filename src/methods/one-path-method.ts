import type { Batch, StepOptions, StepRecord } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import type { PathDistribution, PathSource } from '../sampling/paths.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

/** A method whose steps take one path each, on data in shuffled epochs. It learns nothing from the steps. */
export abstract class OnePathMethod implements Method {
  abstract readonly name: string
  abstract readonly pathDistribution: PathDistribution
  readonly overlapping = true
  readonly #context: MethodContext
  readonly #paths: PathSource

  /** Draws from `paths` by the random stream of the same name. */
  constructor(context: MethodContext, paths: PathSource) {
    this.#context = context
    this.#paths = paths
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

  restore(_state: MethodState): void {}
}
