/** Trains one given path on its own: what ground-truth tables are made of. */
import type { Batch, StepOptions, StepRecord } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import { checkPath, operationsOf } from '../spaces/path.js'
import type { Path } from '../spaces/space.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

/** Trains one path alone, as ground truth is made. */
export class Standalone implements Method {
  readonly name = 'standalone'
  readonly overlapping = true
  /** Per choice of an operation, all on the chosen one. */
  readonly pathDistribution: readonly (readonly number[])[]
  readonly subModels: readonly [Path]
  readonly #context: MethodContext

  /** Throws a UserError for a path outside the space. */
  constructor(path: Path, context: MethodContext) {
    const { space } = context
    checkPath(space, path)
    this.subModels = [path]
    this.#context = context
    this.pathDistribution = operationsOf(space, path).map((chosen) =>
      space.operations.map((_, operation) => (operation === chosen ? 1 : 0)),
    )
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepRecord> {
    return engine.supernet.trainStep(engine.plan(this.subModels[0]), batch, options)
  }

  endEpoch(): void {}

  state(): MethodState {
    return {}
  }

  restore(): void {}
}
