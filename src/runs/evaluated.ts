/** The accuracies that a ranking or a search for sub-models has found so far. */
import type { RecalibrationConfig } from '../config/schema.js'
import type { Evaluation } from '../evaluation/evaluate.js'
import { PathRecords } from './path-records.js'

/** What the accuracies depend on, beside the path. Lines made under another key are of no use. */
export interface EvaluationKey {
  /** Position of training that the weights are of. */
  readonly epoch: number
  readonly step: number
  readonly batchSize: number
  readonly imageCount: number
  /** Where running statistics were made anew for each path: from how many images of the run's sample. */
  readonly recalibration?: RecalibrationConfig
  /** Whether the images are held out of the training images, instead of those for testing. */
  readonly heldOut?: boolean
}

/** A file of evaluations, to which each is added as it is made. */
export class EvaluatedPaths extends PathRecords<Evaluation> {
  /** Reads the file, or starts it anew where it is missing or was made under another key. */
  static async open(file: string, key: EvaluationKey): Promise<EvaluatedPaths> {
    const evaluated = new EvaluatedPaths(file)
    await evaluated.load(key)
    return evaluated
  }

  /** Time spent on all evaluations. */
  get seconds(): number {
    let sum = 0
    for (const { seconds } of this.values()) sum += seconds
    return sum
  }
}
