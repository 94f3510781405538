/** What comes out of an experiment. */
import type { PathDistribution } from '../sampling/paths.js'
import type { Measures, Summary } from './measures.js'
import type { Labels } from './plan.js'

/** What is known of one complete cell. */
export interface CellResult {
  readonly cell: string
  /** Those that it belongs to. */
  readonly studies: readonly string[]
  readonly labels: Labels
  readonly seed: number
  readonly dataset: string
  readonly measures: Measures
  /** Per epoch, what the next one draws from. */
  readonly pathDistributions: readonly PathDistribution[]
}

/** What is known of one condition of one study. */
export interface ConditionResult {
  readonly study: string
  readonly labels: Labels
  /** Seeds that are in. */
  readonly n: number
  readonly summary: Summary
}

/** What is known of an experiment: `results.json` in its folder. */
export interface ExperimentResults {
  readonly name: string
  readonly seeds: readonly number[]
  readonly cells: readonly CellResult[]
  readonly conditions: readonly ConditionResult[]
}
