/**
 * FairNAS (Chu, Zhang and Xu, ICCV 2021), strict fairness: every step takes K paths of which each edge has every
 * operation once, adds up their gradients on one batch, and updates once. So every operation of every edge has had
 * exactly as many updates as any other, at any time.
 */
import type { FairnasConfig } from '../config/schema.js'
import type { Batch, StepOptions } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import { uniformDistribution } from '../sampling/paths.js'
import { meanOutcome } from './compose.js'
import { EpochPaths } from './epoch-paths.js'
import type { Engine, Method, MethodContext, MethodState, StepOutcome } from './method.js'

/** Strict fairness (FairNAS, Chu et al., ICCV 2021): one update from K paths that have every operation once. */
export class Fairnas implements Method {
  readonly name = 'fairnas'
  readonly pathDistribution: readonly number[]
  readonly #context: MethodContext
  readonly #paths: EpochPaths

  /** Throws a UserError for a space whose choices offer different numbers of operations or own no weights. */
  constructor(config: FairnasConfig, context: MethodContext) {
    this.#context = context
    this.#paths = EpochPaths.fair(context, this.name, config.compat)
    this.pathDistribution = [...uniformDistribution(context.space.operations.length)]
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  async step({ supernet, plan }: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome> {
    const paths = this.#paths.next()
    using held = supernet.hold(batch)
    // All at once, in this order: the native thread goes from one to the next without waiting for JavaScript.
    const passes = paths.map((path) => supernet.accumulate(plan(path), held))
    const outcomes = await Promise.all(passes)
    await supernet.finishStep(options)
    return meanOutcome(outcomes)
  }

  endEpoch(): void {
    this.#paths.clear()
  }

  state(): MethodState {
    return this.#paths.state()
  }

  restore(state: MethodState): void {
    this.#paths.restore(state, this.#context.space)
  }
}
