/** The first event of a search: what is searched, on which images and which machine, and what looks odd. */
import { scalars } from '../base/shapes.js'
import type { Config } from '../config/index.js'
import { describeOddities } from '../data/class-shares.js'
import { usedImages } from '../data/splits.js'
import { describeCompetition, describeMachine } from '../native/index.js'
import { stepsPerEpoch } from '../training/learning-rate.js'
import type { RankingImages, StartEvent } from './events.js'
import type { PreparedSearch } from './prepare.js'

/** The first event in the log of a new run. */
export function startEvent(run: string, config: Config, prepared: PreparedSearch): StartEvent {
  const { space, method, splits, groundTruth } = prepared
  const evaluation = rankingImages(config, prepared)
  const steps = stepsPerEpoch(splits.train.labels.length, config.training.batchSize)
  const machine = describeMachine(config.device)
  return {
    event: 'start',
    run,
    space: space.name,
    method: method.name,
    dataset: splits.name,
    images: usedImages(splits),
    input: space.input,
    groundTruth: groundTruth?.source ?? null,
    parameters: space.parameters().reduce((sum, { shape }) => sum + scalars(shape), 0),
    stepsPerEpoch: steps,
    epochs: config.training.epochs,
    evaluation,
    ...(config.finding && { finding: { algorithm: config.finding.algorithm, limits: config.finding.limits } }),
    machine,
    warnings: [
      ...describeOddities(splits),
      ...describeSmallBatches(evaluation, splits.classes),
      ...(steps === 1 ? ['the training images make one step per epoch, so a gradient variance of 0 says nothing'] : []),
      ...(method.warnings ?? []),
      ...describeCompetition(machine),
    ],
  }
}

/** The images that the ranking takes, and in which batches. */
export function rankingImages({ ranking }: Config, { space, splits }: PreparedSearch): RankingImages {
  const of = splits.test.labels.length
  const images = ranking.imageCount ?? of
  const batches = Math.ceil(images / ranking.batchSize)
  return { images, of, batches, order: 'stratified', batchStatistics: space.buffers === undefined }
}

function describeSmallBatches({ images, batches, batchStatistics }: RankingImages, classes: number): string[] {
  // The smallest: batches differ by one image at most.
  const size = Math.floor(images / batches)
  if (!batchStatistics || size >= classes) return []
  return [`the ranking normalises by batches of ${size} images, which cannot have all ${classes} classes`]
}
