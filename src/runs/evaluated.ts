/** Records of the sub-models that a ranking or a search for the best ones has evaluated so far. */
import type { Evaluation } from '../evaluation/evaluate.js'
import { PathRecords } from './path-records.js'

/** Everything but the path that an evaluation depends on. Records made under another key are discarded. */
export interface EvaluationKey {
  /** Position of training at which the weights were taken. */
  readonly epoch: number
  readonly step: number
  readonly batchSize: number
  readonly imageCount: number
  /** Order of the images, stratified by class, in batches as equal as can be. Absent in earlier records: file order. */
  readonly order?: 'stratified'
  /** Images that running statistics were recomputed from for each path, and their number of batches; absent if they were not. */
  readonly recalibration?: { readonly images: number; readonly batches: number }
  /** True if the images are held out of the training images; absent for test images. */
  readonly heldOut?: boolean
}

/** A file of evaluations. Each evaluation is appended when it is done. */
export class EvaluatedPaths extends PathRecords<Evaluation> {
  /** Reads the file, or starts a new one if it is missing or was made under another key. `lost`: see `PathRecords`. */
  static async open(file: string, key: EvaluationKey, lost?: AbortSignal): Promise<EvaluatedPaths> {
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
