/** The first event of a retraining: what is trained, on which images and which machine. */
import type { RetrainConfig } from '../config/index.js'
import { usedImages } from '../data/splits.js'
import { describeCompetition, describeMachine } from '../native/index.js'
import { countParameters } from '../spaces/standalone.js'
import { stepsPerEpoch } from '../training/learning-rate.js'
import type { RetrainStartEvent } from './events.js'
import type { InitialWeights } from './initial-weights.js'
import type { PreparedRetraining } from './prepare.js'

/** `run` is the run folder; `origin` says how the architecture was chosen. */
export function startEvent(
  run: string,
  config: RetrainConfig,
  { network, splits, ownImages, warnings }: PreparedRetraining,
  initial: InitialWeights | undefined,
  origin: string | undefined,
): RetrainStartEvent {
  const { mean = [], std = [] } = splits.test
  const evaluated = config.evaluation.imageCount ?? splits.test.labels.length
  const machine = describeMachine(config.device)
  return {
    event: 'start',
    run,
    space: config.network.space,
    arch: network.encode([]),
    dataset: splits.name,
    images: usedImages(splits),
    ...(evaluated < splits.test.labels.length && { evaluatedImages: evaluated }),
    ...(ownImages && { ownImages }),
    warnings: [...warnings, ...describeCompetition(machine)],
    input: network.input,
    classes: network.classes,
    ...(splits.classNames && { classNames: splits.classNames }),
    parameters: countParameters(network),
    stepsPerEpoch: stepsPerEpoch(splits.train.labels.length, config.training.batchSize),
    epochs: config.training.epochs,
    normalisation: { mean: [...mean], std: [...std] },
    machine,
    ...(origin !== undefined && { origin }),
    ...(initial && { initial: initial.report.source }),
  }
}
