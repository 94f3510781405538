/** What methods share that make a step of several passes. */
import type { StepOutcome } from './method.js'

/** What several paths did on one batch, as one: means of loss and of correct answers. */
export function meanOutcome(outcomes: readonly StepOutcome[]): StepOutcome {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return { loss: mean(outcomes.map(({ loss }) => loss)), correct: mean(outcomes.map(({ correct }) => correct)) }
}
