/**
 * SUMNAS (Ha et al., ICLR 2022): a supernet as a meta-learner of its sub-models, by Reptile. From the shared weights
 * w₀ each of K fair paths takes a few SGD steps on the batch; the mean of w₀ − w_T over the paths is the gradient of the
 * supernet's own update. Inner steps have no weight decay and, unless `compat`, each path starts with no momentum.
 *
 * Gradient variance is that of the first inner gradients: they alone are taken at the shared weights, as those of other
 * methods are.
 */
import type { SumnasConfig } from '../config/schema.js'
import type { Batch, HeldBatch, Plan, StepOptions, UpdateOptions } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import { uniformDistribution } from '../sampling/paths.js'
import { meanOutcome } from './compose.js'
import { EpochPaths } from './epoch-paths.js'
import type { Engine, Method, MethodContext, MethodState, StepOutcome, Verbs } from './method.js'

/**
 * Meta-learned weights: K fair paths take steps of their own, and the shared weights move towards where they end
 * (SUMNAS).
 */
export class Sumnas implements Method {
  readonly name = 'sumnas'
  readonly pathDistribution: readonly number[]
  readonly #config: SumnasConfig
  readonly #context: MethodContext
  readonly #paths: EpochPaths

  /** Throws a UserError for a space whose choices offer different numbers of operations or own no weights. */
  constructor(config: SumnasConfig, context: MethodContext) {
    this.#config = config
    this.#context = context
    this.#paths = EpochPaths.fair(context, this.name, config.compat)
    this.pathDistribution = [...uniformDistribution(context.space.operations.length)]
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  async step({ supernet, plan }: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome> {
    const paths = this.#paths.next()
    const optimizer = this.#config.compat ? 'keep' : 'reset'
    using held = supernet.hold(batch)
    const outcomes: StepOutcome[] = []
    for (const path of paths) {
      const trial = plan(path)
      await supernet.snapshot(trial)
      outcomes.push(await this.#descend(supernet, trial, held, options))
      await supernet.restore(trial, { displacement: 1 / paths.length, optimizer })
    }
    await supernet.displacementToGradients()
    const { learningRate: annealed, unsampled } = options
    // The schedule of training, from another start.
    const learningRate = (this.#config.learningRate * annealed) / this.#context.learningRate
    const { weightDecay } = this.#config
    await supernet.update({ learningRate, optimizer: { kind: 'sgd', momentum: 0, weightDecay }, unsampled })
    return meanOutcome(outcomes)
  }

  /** The inner steps of one path. */
  async #descend(supernet: Verbs, trial: Plan, held: HeldBatch, options: StepOptions): Promise<StepOutcome> {
    const { innerSteps, innerLearningRate: learningRate, innerMomentum: momentum } = this.#config
    const optimizer = { kind: 'sgd', momentum, weightDecay: 0 } as const
    const inner: UpdateOptions = { learningRate, optimizer, unsampled: 'skip' }
    const outcomes: StepOutcome[] = []
    for (let step = 0; step < innerSteps; step++) {
      outcomes.push(await supernet.accumulate(trial, held))
      if (options.noise) await supernet.addGradientNoise({ ...options.noise, seed: options.noise.seed + step })
      if (step === 0) await supernet.recordMoments()
      await supernet.clip(options.clipNorm)
      await supernet.update(inner)
    }
    return outcomes[0]
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
