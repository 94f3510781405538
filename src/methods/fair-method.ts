import type { Batch, StepOptions } from '../native/index.js'
import { FairPathSampler } from '../sampling/fair-paths.js'
import { shuffledIndices } from '../sampling/indices.js'
import { uniformDistribution } from '../sampling/paths.js'
import type { Path } from '../spaces/space.js'
import { choicesByParameter } from './candidate-parameters.js'
import type { Engine, Method, MethodContext, MethodState, StepOutcome } from './method.js'

/**
 * A method whose steps take K strictly fair paths each, on data in shuffled epochs. With `compat`, all steps of an
 * epoch take the paths of its first step. The released baselines of PA&DA do so: they use the first entries of a list
 * of permutations, which they never empty within an epoch.
 */
export abstract class FairMethod implements Method {
  readonly name: string
  readonly pathDistribution: readonly number[]
  readonly #context: MethodContext
  readonly #sampler: FairPathSampler
  readonly #compat: boolean
  /** Paths of the epoch's first step; with `compat` only. */
  #kept: Path[] | undefined

  /** Throws a UserError for a space whose choices offer different numbers of operations or own no weights. */
  constructor(name: string, compat: boolean, context: MethodContext) {
    const { space } = context
    const setting = `method.name ${name}`
    this.name = name
    this.#context = context
    this.#sampler = new FairPathSampler(space, setting)
    choicesByParameter(space, setting)
    this.#compat = compat
    this.pathDistribution = [...uniformDistribution(space.operations.length)]
  }

  abstract step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome>

  /** The paths of a step. */
  protected nextPaths(): Path[] {
    const { paths } = this.#context.random
    if (!this.#compat) return this.#sampler.draw(paths)
    this.#kept ??= this.#sampler.draw(paths)
    return this.#kept
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  endEpoch(): void {
    this.#kept = undefined
  }

  state(): MethodState {
    return this.#kept === undefined ? {} : { paths: Float64Array.from(this.#kept.flat()) }
  }

  restore({ paths }: MethodState): void {
    const { length } = this.#context.space.choices
    this.#kept =
      paths &&
      Array.from({ length: paths.length / length }, (_, k) => [...paths.subarray(k * length, (k + 1) * length)])
  }
}
