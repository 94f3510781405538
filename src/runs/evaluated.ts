/** Records of the sub-models that a ranking or a search for the best ones has evaluated so far. */
import type { Evaluation } from '../evaluation/evaluate.js'
import { PathRecords, readRecords } from './path-records.js'

/** Names of the files in a run folder: of the ranking, and of finding if it evaluates differently. */
export const EVALUATED = 'evaluated.jsonl'
export const EVALUATED_BY_FINDING = 'evaluated-finding.jsonl'

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
}

/** Seconds spent on the evaluations of some weights that files hold; undefined is no file. */
export async function evaluationSeconds(files: readonly (string | undefined)[], weights: string): Promise<number> {
  let sum = 0
  for (const file of files) {
    const { key, entries } = await readRecords<Evaluation>(file)
    if ((key as Partial<EvaluationKey>).weights !== weights) continue
    for (const { seconds } of entries) sum += seconds
  }
  return sum
}
