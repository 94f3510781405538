/** The running statistics with which a run ranks its paths, for commands that take a path out of the run. */
import { UserError } from '../base/errors.js'
import type { Config } from '../config/index.js'
import type { Tensor } from '../formats/safetensors.js'
import { trainedSpace } from '../methods/index.js'
import { Supernet, useThreads } from '../native/index.js'
import { buffersOf } from '../programs/program.js'
import type { Identity } from '../runs/checkpoint.js'
import { checkIdentity } from '../runs/continuation.js'
import { createSpace, type Path, type SearchSpace } from '../spaces/index.js'
import { readBuffers, restoreWeights } from '../training/snapshot.js'
import { openCalibration, recalibrates, sharesWeights } from './evaluators.js'
import { prepare } from './prepare.js'

/** Where the statistics of batch norms come from. */
export type StatisticsSource =
  /** The space has no running statistics: batch norms normalise by the batch. */
  | { readonly kind: 'batch' }
  /** The weights' own, as they are after training. `reason` says why none were estimated. */
  | { readonly kind: 'stored'; readonly reason: string }
  /** Estimated for each path from this many training images of the run, as the run's ranking does. */
  | { readonly kind: 'recalibrated'; readonly images: number }

/** Running statistics of paths. */
export interface PathStatistics {
  readonly source: StatisticsSource
  /** By path, in order: the tensors that replace those of the weights. No tensors if the weights' own are used. */
  readonly byPath: readonly ReadonlyMap<string, Tensor>[]
}

/** A trained supernet, and the run that it comes from. */
export interface TrainedRun {
  /** Its name in messages. */
  readonly source: string
  readonly space: SearchSpace
  readonly weights: ReadonlyMap<string, Tensor>
  /** The settings of the run, and what its checkpoint was trained on. Absent for weights without a run. */
  readonly run?: { readonly config: Config; readonly identity?: Identity }
}

/**
 * The running statistics that the ranking of a run uses for paths: estimated from the same training images, with the
 * run's settings, device and precision. Data are loaded only if the space needs them.
 *
 * @throws UserError if the run's training images cannot be read or are others; the reason of an aborted signal.
 */
export async function pathStatistics(
  { source, space: given, weights, run }: TrainedRun,
  paths: readonly Path[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<PathStatistics> {
  const stored = (reason: string) => ({
    source: { kind: 'stored' as const, reason },
    byPath: paths.map(() => new Map()),
  })
  if (given.buffers === undefined) return { source: { kind: 'batch' }, byPath: paths.map(() => new Map()) }
  if (run === undefined) return stored('no run tells the training images')
  const { config } = run
  if (config.ranking.recalibration.images === 0) return stored('ranking.recalibration.images is 0')
  // Neither the ranking's sub-models nor its ground truth matter.
  const { groundTruth: _truth, finding: _finding, ...rest } = config
  const settings: Config = { ...rest, ranking: { ...config.ranking, subModels: 1, imageCount: undefined } }
  const prepared = await prepare(settings, { signal }).catch((error: unknown) => {
    throw error instanceof UserError ? withAdvice(error) : error
  })
  const { splits, method, identity } = prepared
  const { channels, height, width } = splits.train
  const { space } = trainedSpace(createSpace(config.space, { channels, height, width }, splits.classes), weights)
  if (!sharesWeights(space, method)) return stored('the network was trained alone')
  if (!recalibrates(config, space, true)) return stored('ranking.recalibration.images is 0')
  if (run.identity !== undefined) {
    try {
      checkIdentity({ identity: run.identity }, identity, source)
    } catch (error) {
      throw error instanceof UserError ? withAdvice(error) : error
    }
  }
  await useThreads(config.threads)
  const { device, precision } = config
  using supernet = Supernet.of(space, { device, precision })
  await restoreWeights(weights, supernet)
  const { images: calibration } = openCalibration(config, splits)
  using _dataset = calibration.dataset
  const byPath: ReadonlyMap<string, Tensor>[] = []
  for (const path of paths) {
    signal?.throwIfAborted()
    const program = space.program(path)
    using plan = supernet.compile(program)
    await supernet.recalibrate(plan, calibration)
    const names = new Set(program.instructions.flatMap((instruction) => buffersOf(instruction)))
    byPath.push(new Map([...(await readBuffers(supernet))].filter(([name]) => names.has(name))))
  }
  return { source: { kind: 'recalibrated', images: calibration.indices.length }, byPath }
}

function withAdvice({ message, exitCode }: UserError): UserError {
  return new UserError(`${message}; --no-recalibrate takes the stored running statistics`, exitCode)
}
