/** What methods share that make a step of several passes. */
import type { StepOptions } from '../native/index.js'
import type { StepOutcome, Verbs } from './method.js'

/** The second half of a step: noise, moments, clipping and update, of the gradients that `accumulate` calls have left. */
export async function finishStep(
  supernet: Pick<Verbs, 'addGradientNoise' | 'recordMoments' | 'clip' | 'update'>,
  options: StepOptions,
): Promise<{ globalNorm: number; clipScale: number }> {
  if (options.noise !== undefined) await supernet.addGradientNoise(options.noise)
  await supernet.recordMoments()
  const clipped = await supernet.clip(options.clipNorm)
  await supernet.update(options)
  return clipped
}

/** What several paths did on one batch, as one: means of loss and of correct answers. */
export function meanOutcome(outcomes: readonly StepOutcome[]): StepOutcome {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return { loss: mean(outcomes.map(({ loss }) => loss)), correct: mean(outcomes.map(({ correct }) => correct)) }
}
