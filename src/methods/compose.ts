/** Functions for methods whose steps consist of several passes. */
import type { StepOutcome } from './method.js'

/** Mean loss and mean numbers of correct answers of several paths on one batch. */
export function meanOutcome(outcomes: readonly StepOutcome[]): StepOutcome {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    loss: mean(outcomes.map(({ loss }) => loss)),
    correct: mean(outcomes.map(({ correct }) => correct)),
    correctTop5: mean(outcomes.map(({ correctTop5 }) => correctTop5)),
    ...(outcomes.some(({ stop }) => stop) && { stop: true }),
  }
}
