/** The accuracy of one path with the supernet's weights, and its running statistics made for it. */

import { RandomStream } from '../base/random.js'
import type { RecalibrationConfig } from '../config/schema.js'
import type { CalibrationImages, EvaluateRecord, ImageSource, Supernet } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** The accuracy of one path. */
export interface Evaluation extends EvaluateRecord {
  readonly path: Path
  /** Seconds that the evaluation took. */
  readonly seconds: number
}

/** Remembers evaluations. */
export interface EvaluationMemory {
  /** The evaluation of a path; undefined if it was not evaluated before. */
  get(path: Path): Evaluation | undefined
  /** Keeps an evaluation. */
  add(evaluation: Evaluation): Promise<void>
}

/** What judges the paths of one supernet. */
export interface Evaluator {
  readonly space: SearchSpace
  readonly supernet: Pick<Supernet, 'compile' | 'evaluate' | 'recalibrate'>
  /** Test images, or held out ones. */
  readonly data: ImageSource
  readonly batchSize: number
  /** Evaluate on the first images only. */
  readonly imageCount?: number
  /** What running statistics are made from before each evaluation; absent: they stay as they are. */
  readonly calibration?: CalibrationImages
  /** Keeps what is found, and knows what was found before; default: nobody does. */
  readonly evaluated?: EvaluationMemory
  /** When aborted, work stops between two sub-models and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/** Evaluates a path, unless that was done before; rejects with the reason of an aborted signal before it begins. */
export async function evaluatePath(evaluator: Evaluator, path: Path): Promise<Evaluation> {
  const { space, supernet, data, batchSize, imageCount, calibration, evaluated, signal } = evaluator
  const known = evaluated?.get(path)
  if (known !== undefined) return known
  signal?.throwIfAborted()
  const start = performance.now()
  using plan = supernet.compile(space.program(path))
  if (calibration !== undefined) await supernet.recalibrate(plan, calibration)
  const record = await supernet.evaluate(plan, data, { batchSize, count: imageCount })
  const evaluation = { path, ...record, seconds: (performance.now() - start) / 1000 }
  await evaluated?.add(evaluation)
  return evaluation
}

/** The training images that running statistics are made from: the same sample for all paths, methods and phases of a seed. */
export function calibrationIndices(count: number, { images }: RecalibrationConfig, seed: number): Int32Array {
  return shuffledIndices(count, RandomStream.named(seed, 'recalibration')).slice(0, images)
}
