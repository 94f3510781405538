/**
 * SUMNAS (Ha et al., ICLR 2022): a supernet as a meta-learner of its sub-models, by Reptile. From the shared weights
 * w₀, each of K fair paths takes a few SGD steps on the batch. The mean of w₀ − w_T over the paths is the gradient of
 * the supernet's own update. Inner steps have no weight decay. Without `compat`, each path starts with no momentum.
 *
 * Gradient variance is computed from the first inner gradients. Only these are taken at the shared weights, as the
 * gradients of other methods are.
 */
import type { SumnasConfig } from '../config/schema.js'
import type { Batch, HeldBatch, Plan, StepOptions, UpdateOptions } from '../native/index.js'
import { meanOutcome } from './compose.js'
import { FairMethod } from './fair-method.js'
import type { Engine, MethodContext, StepOutcome, Verbs } from './method.js'

/**
 * Meta-learned weights (SUMNAS): K fair paths take steps of their own, and the shared weights move towards the mean of
 * their ends.
 */
export class Sumnas extends FairMethod {
  readonly #config: SumnasConfig
  /** Its own initial learning rate over that of the training, whose schedule it has. */
  readonly learningRateFactor: number

  /** Throws a UserError for a space whose choices offer different numbers of operations or own no weights. */
  constructor(config: SumnasConfig, context: MethodContext) {
    super('sumnas', config.compat, context)
    this.#config = config
    this.learningRateFactor = config.learningRate / context.learningRate
  }

  /** K paths take trial steps on `batch`. Their mean displacement is the gradient of one update. */
  async step({ supernet, plan }: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome> {
    const paths = this.nextPaths()
    const optimizer = this.#config.compat ? 'keep' : 'reset'
    using held = supernet.hold(batch)
    const outcomes: StepOutcome[] = []
    for (const [k, path] of paths.entries()) {
      const pathPlan = plan(path)
      await supernet.snapshot(pathPlan)
      // Each gradient has noise of its own, also where paths share weights.
      const seed = (options.noise?.seed ?? 0) + k * this.#config.innerSteps
      const noise = options.noise && { ...options.noise, seed }
      outcomes.push(await this.#descend(supernet, pathPlan, held, { ...options, noise }))
      await supernet.restore(pathPlan, { displacement: 1 / paths.length, optimizer })
    }
    await supernet.displacementToGradients()
    const { learningRate: annealed, unsampled, averageDecay } = options
    const learningRate = annealed * this.learningRateFactor
    const { weightDecay } = this.#config
    const { decayNormsAndBiases } = options.optimizer
    const update = { kind: 'sgd', momentum: 0, weightDecay, decayNormsAndBiases } as const
    await supernet.update({ learningRate, optimizer: update, unsampled, averageDecay })
    return meanOutcome(outcomes)
  }

  /** Takes the inner steps of one path. Returns the outcome of the first. */
  async #descend(supernet: Verbs, pathPlan: Plan, held: HeldBatch, options: StepOptions): Promise<StepOutcome> {
    const { innerSteps, innerLearningRate: learningRate, innerMomentum: momentum } = this.#config
    const optimizer = { kind: 'sgd', momentum, weightDecay: 0 } as const
    const inner: UpdateOptions = { learningRate, optimizer, unsampled: 'skip' }
    const outcomes: StepOutcome[] = []
    for (let step = 0; step < innerSteps; step++) {
      outcomes.push(await supernet.accumulate(pathPlan, held))
      if (options.noise) await supernet.addGradientNoise({ ...options.noise, seed: options.noise.seed + step })
      if (step === 0) await supernet.recordMoments()
      await supernet.clip(options.clipNorm)
      await supernet.update(inner)
    }
    return outcomes[0]
  }
}
