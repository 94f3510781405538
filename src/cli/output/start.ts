import { counted, integer } from '../../base/format.js'
import type { RetrainStartEvent } from '../../retraining/events.js'
import type { Phase, RankingImages, StartEvent } from '../../search/events.js'
import { describeLimits } from './found.js'
import { describeTruth } from './ground-truth.js'
import { describeImages } from './images.js'

/** Describes a search or a retraining that starts, in a few lines. */
export function describeStart(event: StartEvent | RetrainStartEvent): string[] {
  const steps = `${counted(event.epochs, 'epoch')} of ${counted(event.stepsPerEpoch, 'step')}`
  const size = `${event.dataset}: ${steps}, ${integer(event.parameters)} weights`
  const subject = 'arch' in event ? `one network of ${event.space}` : `${event.method} on ${event.space}`
  const lines = [
    `${subject}, ${size}`,
    ...('arch' in event ? [event.arch] : []),
    ...('origin' in event && event.origin !== undefined ? [`architecture ${event.origin}`] : []),
    ...describeImages(event.images),
    ...('evaluatedImages' in event && event.evaluatedImages !== undefined
      ? [`epochs are evaluated on ${integer(event.evaluatedImages)} of the test images`]
      : []),
    ...('initial' in event ? [`begins with the weights of ${event.initial}`] : []),
    ...('evaluation' in event ? describeLaterPhases(event) : []),
    ...(event.processes ? [`${event.processes.count} processes, whose gradients ${event.processes.backend} sums`] : []),
    ...event.warnings.map((warning) => `note: ${warning}`),
    `run folder ${event.run}`,
  ]
  if (event.anew) lines.push('the run has no checkpoint yet: its training begins anew')
  if (event.resumed !== undefined) lines.push(describeContinuation(event.resumed, event))
  return lines
}

/** What is said of ranking and finding, if the search does both or either. */
function describeLaterPhases({ groundTruth, evaluation, finding, phases }: StartEvent): string[] {
  const does = (phase: Phase) => phases === undefined || phases.includes(phase)
  return [
    ...(groundTruth !== null && does('rank') ? [`ground truth ${describeTruth(groundTruth)}`] : []),
    ...(does('rank') ? [`ranking on ${describeEvaluation(evaluation)}`] : []),
    ...(finding !== undefined && does('find') ? [describeFinding(finding)] : []),
  ]
}

export function describeContinuation(
  { epoch, step }: NonNullable<StartEvent['resumed']>,
  { epochs, phases = ['train'], stepsPerEpoch }: Pick<StartEvent, 'epochs' | 'phases'> & { stepsPerEpoch?: number },
): string {
  if (epoch >= epochs)
    return epochs === 1 ? 'trained: the only epoch is done' : `trained: all ${integer(epochs)} epochs are done`
  // A run that was stopped while it measured after an epoch has done all steps of it.
  if (phases.includes('train') && step === stepsPerEpoch) {
    return `continuing at the end of epoch ${epoch + 1} of ${integer(epochs)}`
  }
  if (phases.includes('train')) return `continuing at epoch ${epoch + 1} of ${integer(epochs)}, step ${step + 1}`
  const steps = step === 0 ? '' : ` and ${counted(step, 'step')}`
  return `weights after ${epoch} of ${counted(epochs, 'epoch')}${steps}: training has not ended`
}

function describeFinding({ algorithm, limits }: NonNullable<StartEvent['finding']>): string {
  return `finding by ${algorithm}${describeLimits(limits, ', within ')}`
}

function describeEvaluation({ images, of, batches, batchStatistics }: RankingImages): string {
  const count = images === of ? integer(of) : `${integer(images)} of ${integer(of)}`
  const number = `${integer(batches)} ${batches === 1 ? 'batch' : 'batches'}`
  const normalised = batchStatistics ? '; batch norms use the statistics of a batch' : ''
  return `${count} test images, stratified by class, in ${number}${normalised}`
}
