/**
 * MAGIC-T (Xu et al., “Analyzing and Mitigating Interference in Neural Architecture Search”, ICML 2022): paths pull on the
 * weights that they share the less against each other, the fewer operations they differ in. So one path per step, which
 * differs from that of the step before in exactly one choice; data in shuffled epochs.
 */
import type { Batch, StepOptions, StepRecord } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import { PathChain } from '../sampling/path-chain.js'
import { uniformDistribution } from '../sampling/paths.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

/** Paths that differ in one choice from step to step (MAGIC-T, Xu et al., ICML 2022). */
export class MagicT implements Method {
  readonly name = 'magic-t'
  readonly overlapping = true
  /** Of every single step, over all runs. */
  readonly pathDistribution: readonly number[]
  readonly #context: MethodContext
  readonly #paths: PathChain

  /** Draws from the stream `paths`. */
  constructor(context: MethodContext) {
    this.#context = context
    this.#paths = new PathChain(context.space)
    this.pathDistribution = [...uniformDistribution(context.space.operations.length)]
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
    const { last } = this.#paths
    return last === undefined ? {} : { lastPath: Float64Array.from(last) }
  }

  restore({ lastPath }: MethodState): void {
    this.#paths.last = lastPath && [...lastPath]
  }
}
