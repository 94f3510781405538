/** Evaluates one path with the supernet's weights and, if wanted, running statistics recomputed for this path. */

import { UserError } from '../base/errors.js'
import { RandomStream } from '../base/random.js'
import type { RecalibrationConfig } from '../config/schema.js'
import { stratifiedOrder } from '../data/stratified-order.js'
import { shareWork, type World } from '../distributed/index.js'
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

/** Everything that the evaluation of a supernet's paths needs. */
export interface Evaluator {
  readonly space: SearchSpace
  readonly supernet: Pick<Supernet, 'compile' | 'evaluate' | 'recalibrate'>
  /**
   * Test images, or images held out of the training images, in the order of evaluation. Batch norms without running
   * statistics normalise by the batch, so {@link stratify} them: batches of one class give other accuracies.
   */
  readonly data: ImageSource
  /** Largest number of images per batch. Batches differ by one image at most. */
  readonly batchSize: number
  /** Number of images to evaluate on, taken from the beginning; default: all. */
  readonly imageCount?: number
  /** Images to recompute running statistics from before each evaluation; default: the statistics stay unchanged. */
  readonly calibration?: CalibrationImages
  /** Memory of evaluations, so that no path is evaluated twice. Default: no memory. */
  readonly evaluated?: EvaluationMemory
  /** Processes that evaluate together; all of them evaluate the same paths. Default: this one alone. */
  readonly world?: World
  /** When aborted, work stops between two sub-models and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Evaluates a path, or returns its remembered evaluation. If `sharers` processes evaluate paths at a time, its seconds are
 * this path's share of the time by the clock.
 *
 * @throws UserError if the loss is not finite; the reason of a signal aborted before.
 */
export async function evaluatePath(evaluator: Evaluator, path: Path, sharers = 1): Promise<Evaluation> {
  const { space, supernet, data, batchSize, imageCount, calibration, evaluated, signal } = evaluator
  const known = evaluated?.get(path)
  if (known !== undefined) return known
  signal?.throwIfAborted()
  const start = performance.now()
  using plan = supernet.compile(space.program(path))
  if (calibration !== undefined) await supernet.recalibrate(plan, calibration)
  const outcome = await supernet.evaluate(plan, data, { batchSize, count: imageCount })
  const record = finite(outcome, path, evaluator)
  const evaluation = { path, ...record, seconds: (performance.now() - start) / 1000 / sharers }
  await evaluated?.add(evaluation)
  return evaluation
}

/** The part of an {@link Evaluator} that {@link evaluateInParts} needs. */
type JointEvaluator = Pick<Evaluator, 'space' | 'supernet' | 'data' | 'batchSize' | 'imageCount' | 'world'>

/**
 * Evaluates one path in all processes together, with the running statistics that the supernet has: each process takes a
 * part of the batches, and all get the whole evaluation. The sum of losses rounds differently than in one process.
 *
 * @throws UserError if the loss is not finite.
 */
export async function evaluateInParts(evaluator: JointEvaluator, path: Path): Promise<Evaluation> {
  const { space, supernet, data, batchSize, imageCount, world } = evaluator
  if (world === undefined) return evaluatePath(evaluator, path)
  const start = performance.now()
  using plan = supernet.compile(space.program(path))
  const part = { batchSize, count: imageCount, part: world.rank, parts: world.size }
  const own = await supernet.evaluate(plan, data, part)
  const sums = Float64Array.of(own.count, own.correct, own.correctTop5, own.loss * own.count)
  const [count, correct, correctTop5, loss] = await world.communicator.sum(sums)
  const record = { count, correct, correctTop5, loss: loss / count }
  return { path, ...finite(record, path), seconds: (performance.now() - start) / 1000 }
}

function finite(
  record: EvaluateRecord,
  path: Path,
  { calibration }: Pick<Evaluator, 'calibration'> = {},
): EvaluateRecord {
  if (Number.isFinite(record.loss)) return record
  const advice = `try a lower training.learningRate${calibration ? ', or more ranking.recalibration.images' : ''}`
  throw new UserError(`Expected a finite loss for path ${path.join()} but received ${record.loss}: ${advice}`)
}

/**
 * Evaluates paths and yields the evaluations in their order. Several processes divide the paths: each takes the next one
 * when it is free.
 *
 * @throws What {@link evaluatePath} throws; UserError if another process is gone.
 */
export async function* evaluatePaths(evaluator: Evaluator, paths: readonly Path[]): AsyncGenerator<Evaluation> {
  const { world, evaluated, signal } = evaluator
  const known = (path: Path) => evaluated?.get(path)
  if (world === undefined) {
    for (const path of paths) yield await evaluatePath(evaluator, path)
    return
  }
  const open = paths.filter((path) => known(path) === undefined).length
  const sharers = Math.max(1, Math.min(world.size, open))
  const evaluate = (path: Path) => evaluatePath(evaluator, path, sharers)
  const keep = async (result: Evaluation) => evaluated?.add(result)
  for await (const { result, mine } of shareWork(world, paths, evaluate, { known, keep, signal })) {
    if (!mine) await evaluated?.add(result)
    yield result
  }
}

/**
 * Indices of the training images for running statistics: one random sample for all paths, methods and phases of a seed,
 * stratified by class. So are its batches, and a smaller sample is part of a larger one.
 *
 * @param labels One class index per training image.
 */
export function calibrationIndices(labels: Int32Array, { images }: RecalibrationConfig, seed: number): Int32Array {
  const rank = shuffledIndices(labels.length, RandomStream.named(seed, 'recalibration'))
  return stratifiedOrder(labels, (a, b) => rank[a] - rank[b]).slice(0, images)
}
