/**
 * Refuses batches of one image before the first step, if the network has feature maps of one pixel with a batch norm.
 * A channel then has one value, which has no variance: the step would fail, or its layer would put out a constant. Refuses
 * batches too that processes, or a warm-up, cannot divide.
 */
import { expected } from '../base/errors.js'
import type { Config } from '../config/index.js'
import type { Method } from '../methods/method.js'
import type { Program } from '../programs/program.js'
import type { SearchSpace } from '../spaces/index.js'
import { pathsWithEveryOption } from '../spaces/path.js'
import { checkWarmup } from '../training/learning-rate.js'
import { sharesWeights } from './evaluators.js'
import type { Phase } from './events.js'
import type { PreparedSearch } from './prepare.js'

/** Checks the batches of these phases of a search, in which `processes` take part. */
export function checkBatches(
  config: Config,
  { space, splits, method }: PreparedSearch,
  phases: readonly Phase[],
  processes?: number,
): void {
  const images = splits.train.labels.length
  if (phases.includes('train')) {
    const synchronised = config.distributed.batchNorm === 'synchronised'
    checkTrainingBatches(config, space, method, images, { processes, synchronised })
    checkWarmup(config.training, images)
  }
  const evaluates = phases.includes('rank') || (phases.includes('find') && config.finding !== undefined)
  if (evaluates && sharesWeights(space, method)) checkRecalibrationBatches(config, space, images)
}

/** Checks the batches of training. Each process takes a share of a batch: shares differ by one image at most. */
export function checkTrainingBatches(
  { training: { batchSize, microBatchSize = batchSize } }: Pick<Config, 'training'>,
  space: SearchSpace,
  method: Pick<Method, 'program'>,
  images: number,
  { processes = 1, synchronised = false }: { readonly processes?: number; readonly synchronised?: boolean } = {},
): void {
  // The last batch is the smallest.
  const last = images % batchSize || batchSize
  const shares = [batchSize, last].flatMap((size) => [Math.floor(size / processes), Math.ceil(size / processes)])
  if (processes > 1 && synchronised && shares.some((size) => size > microBatchSize)) {
    const wanted = 'none, or one as large as the share of a process,'
    throw expected(wanted, 'training.microBatchSize with distributed.batchNorm synchronised', microBatchSize, 2)
  }
  const normalises = () => normalisesOnePixel(space, (path) => method.program?.(path) ?? space.program(path))
  const idle = shares.includes(0)
  if (idle || (processes > 1 && !synchronised && shares.includes(1) && normalises())) {
    const perProcess = idle ? 1 : 2
    const received = `${batchSize} with ${images} training images, which leaves ${last} for the last batch`
    const wanted = `batches of at least ${perProcess * processes} images, ${perProcess} for each process,`
    throw expected(wanted, `training.batchSize or data.trainCount with ${space.name}`, received, 2)
  }
  const divided = shares.some((size) => size > 1 && smallestPart(size, microBatchSize) === 1)
  if (last !== 1 && !divided) return
  if (!normalises()) return
  if (divided) {
    const received = `${microBatchSize} with training.batchSize ${batchSize} and ${images} training images`
    throw expected('parts of at least 2 images', `training.microBatchSize with ${space.name}`, received, 2)
  }
  const received = `${batchSize} with ${images} training images, which leaves one for the last batch`
  throw expected(
    'batches of at least 2 images',
    `training.batchSize or data.trainCount with ${space.name}`,
    received,
    2,
  )
}

/** Checks the batches that running statistics are estimated from. They differ by one image at most. */
function checkRecalibrationBatches(
  { ranking: { recalibration } }: Pick<Config, 'ranking'>,
  space: SearchSpace,
  available: number,
): void {
  const images = Math.min(recalibration.images, available)
  if (space.buffers === undefined || images === 0) return
  if (smallestPart(images, recalibration.batchSize) !== 1 || !normalisesOnePixel(space, (path) => space.program(path)))
    return
  const received = `${recalibration.batchSize} with ${images} images`
  throw expected('batches of at least 2 images', `ranking.recalibration.batchSize with ${space.name}`, received, 2)
}

/** Images of the smallest part, if as few parts as possible have `most` images at most and differ by one at most. */
function smallestPart(images: number, most: number): number {
  return Math.floor(images / Math.ceil(images / most))
}

/** True if a path has a batch norm of one-pixel feature maps. Looks at every operation of every choice. */
function normalisesOnePixel(space: SearchSpace, program: (path: readonly number[]) => Program): boolean {
  return pathsWithEveryOption(space).some((path) =>
    program(path).instructions.some(({ op, output }) => op === 'batchNorm' && output.height * output.width === 1),
  )
}
