/** What tests see of the fake addon: its calls, and the handles that are open. */
import type { Batch, StepOptions } from '../../src/native/index.js'

/** Record of calls since the start of the test. */
export const journal = {
  compiled: 0,
  disposed: 0,
  evaluated: 0,
  /** Handles that are not disposed yet. */
  open: new Set<object>(),
  recalibrated: [] as number[][],
  steps: [] as StepCall[],
}

export function clearJournal(): void {
  journal.open.clear()
  Object.assign(journal, { compiled: 0, disposed: 0, evaluated: 0, recalibrated: [], steps: [] })
}

/** Arguments of one `trainStep`. */
export interface StepCall {
  readonly parameters: readonly string[]
  readonly batch: Omit<Batch, 'dataset'>
  readonly options: StepOptions
}
