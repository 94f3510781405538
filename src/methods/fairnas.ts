/**
 * FairNAS (Chu, Zhang and Xu, ICCV 2021), strict fairness. Every step takes K paths in which each edge has every
 * operation once, adds up their gradients on one batch, and updates once. So at any time, all operations of all edges
 * have had equally many updates.
 */
import type { FairnasConfig } from '../config/schema.js'
import type { Batch, StepOptions } from '../native/index.js'
import { meanOutcome } from './compose.js'
import { FairMethod } from './fair-method.js'
import type { Engine, MethodContext, StepOutcome } from './method.js'

/** Strict fairness (FairNAS, Chu et al., ICCV 2021): one update from K paths that have every operation once. */
export class Fairnas extends FairMethod {
  /** Throws a UserError for a space whose choices offer different numbers of operations or own no weights. */
  constructor(config: FairnasConfig, context: MethodContext) {
    super('fairnas', config.compat, context)
  }

  /** Adds up the gradients of K paths on `batch`, and updates once. */
  async step({ supernet, plan }: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome> {
    using held = supernet.hold(batch)
    // All calls at once, in this order: the native thread goes from one to the next without waiting for JavaScript.
    const passes = this.nextPaths().map((path) => supernet.accumulate(plan(path), held))
    const outcomes = await Promise.all(passes)
    await supernet.finishStep(options)
    return meanOutcome(outcomes)
  }
}
