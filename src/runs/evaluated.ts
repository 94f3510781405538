/** Records of the sub-models that a ranking or a search for the best ones has evaluated so far. */
import type { Evaluation } from '../evaluation/evaluate.js'
import { PathRecords } from './path-records.js'

/** Version of the way from weights and images to accuracies. A change needs a new number: see {@link EvaluationKey}. */
export const EVALUATION_RULE = 2

/** Everything but the path that an evaluation depends on. Records made under another key are discarded. */
export interface EvaluationKey {
  readonly rule: typeof EVALUATION_RULE
  /** Digest of all weights: see `weightsDigest`. */
  readonly weights: string
  /** Identity of the images that sub-models are evaluated on: see `ImagesIdentity`. */
  readonly images: string
  readonly batchSize: number
  readonly imageCount: number
  /** Images that running statistics were recomputed from for each path; absent if they were not. */
  readonly recalibration?: {
    /** Identity of the training images. */
    readonly images: string
    /** Digest of the indices of the images that were taken. */
    readonly sample: string
    /** Number of batches. */
    readonly batches: number
  }
}

/** A file of evaluations. Each evaluation is appended when it is done. */
export class EvaluatedPaths extends PathRecords<Evaluation> {
  /** Reads the file, or starts a new one if it is missing or was made under another key. `lost`: see `PathRecords`. */
  static async open(file: string | undefined, key: EvaluationKey, lost?: AbortSignal): Promise<EvaluatedPaths> {
    const evaluated = new EvaluatedPaths(file, lost)
    await evaluated.load(key)
    return evaluated
  }

  /** Seconds spent on all evaluations. */
  get seconds(): number {
    let sum = 0
    for (const { seconds } of this.values()) sum += seconds
    return sum
  }
}
