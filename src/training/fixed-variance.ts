/**
 * Gradient variance at fixed weights. The variance of an epoch is measured while the weights move, so it also contains
 * their movement, more for one method than for another. Here a method draws paths and batches as in training, but
 * nothing is updated. Only the draws vary, and with them the anchor of MAGIC-A, which is a path that was drawn. σ² is
 * the unbiased estimate Σ(d − μ)²/(S − 1), averaged over the weights that at least two steps sampled.
 */

import { type Random, RandomStream, randomState, reseedRandom, restoreRandom } from '../base/random.js'
import type { Engine, Method, Verbs } from '../methods/method.js'
import type {
  Batch,
  ClipRecord,
  FinishOptions,
  HeldBatch,
  Moments,
  Plan,
  RestoreOptions,
  StepOptions,
  StepRecord,
  Supernet,
} from '../native/index.js'
import { type GradientVariance, gradientVariance } from './gradient-variance.js'
import type { Stopping } from './stopping.js'

export interface FixedVarianceOptions {
  readonly supernet: Verbs & Pick<Supernet, 'specs'>
  readonly engine: Engine
  readonly method: Method
  readonly random: Random
  /** Names of the candidate operations. */
  readonly operations: readonly string[]
  /** Number of steps, at least 2. */
  readonly steps: number
  readonly batchSize: number
  /** The batch of these images, as training makes it. */
  batch(indices: Int32Array): Batch
  /** The options of a step, as training makes them. */
  options(): StepOptions
  /** Tells when to stop between two steps. */
  readonly stopping: Pick<Stopping, 'isDue' | 'note'>
}

/**
 * Measures the variance over `steps` steps of the method; undefined if it was stopped. The moments must be reset before,
 * and are reset afterwards. Weights, momentum, running statistics, the method and the random streams stay unchanged.
 */
export async function fixedGradientVariance(measured: FixedVarianceOptions): Promise<GradientVariance | undefined> {
  const { supernet, engine, method, random, operations, steps, batchSize, batch, options, stopping } = measured
  const streams = randomState(random)
  const learned = structuredClone(method.state())
  const buffers = await supernet.read('buffers')
  // Draws differ from training's, but two trainings that drew the same data get the same ones.
  const seed = new RandomStream(streams.data).integer(2 ** 32)
  reseedRandom(random, seed)
  const frozenEngine = { supernet: frozen(supernet), plan: engine.plan }
  let order: Int32Array = new Int32Array(0)
  let step = 0
  for (; step < steps && !stopping.isDue; step++) {
    // Whole batches only: a smaller one at the end of an epoch would count as much and vary more.
    if (order.length < batchSize) order = method.epochIndices()
    stopping.note(await method.step(frozenEngine, batch(order.subarray(0, batchSize)), options()))
    order = order.subarray(batchSize)
  }
  const stopped = step < steps
  const variance = gradientVariance(supernet.specs, operations, unbiased(await supernet.moments()))
  await supernet.resetMoments()
  await supernet.write('buffers', buffers)
  method.restore(learned)
  restoreRandom(random, streams)
  return stopped ? undefined : variance
}

/** The supernet, with every verb that would change its weights replaced. */
function frozen(supernet: Verbs): Verbs {
  const update = () => supernet.discardGradients()
  const finishStep = async ({ noise, clipNorm }: FinishOptions): Promise<ClipRecord> => {
    if (noise !== undefined) await supernet.addGradientNoise(noise)
    await supernet.recordMoments()
    const clipped = await supernet.clip(clipNorm)
    await update()
    return clipped
  }
  const trainStep = async (plan: Plan, batch: Batch | HeldBatch, options: StepOptions): Promise<StepRecord> => {
    // Without these gradients CLOSE does not train its gate.
    const { mixingGradients: _, ...record } = await supernet.accumulate(plan, batch, { alignment: options.alignment })
    // Zeros do no harm: the method's state is restored after the measurement.
    const gradientNorms = new Float64Array(plan.parameters.length)
    return { ...record, gradientNorms, ...(await finishStep(options)) }
  }
  // No update has changed the optimizer's state, so there is nothing to reset.
  const restore = (plan: Plan, options: RestoreOptions) => supernet.restore(plan, { ...options, optimizer: 'keep' })
  const nothing = async () => {}
  const replaced = {
    trainStep,
    finishStep,
    update,
    restore,
    write: nothing,
    restartAverages: nothing,
    resetOptimizer: nothing,
    setCounts: nothing,
  }
  return Object.assign(Object.create(supernet) as Verbs, replaced satisfies Partial<Verbs>)
}

function unbiased({ timesSampled, meanVariance }: Moments): Moments {
  return {
    timesSampled: timesSampled.map((times) => (times < 2 ? 0 : times)),
    meanVariance: meanVariance.map((variance, i) =>
      timesSampled[i] < 2 ? 0 : (variance * timesSampled[i]) / (timesSampled[i] - 1),
    ),
  }
}
