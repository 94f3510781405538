import type { RetrainStartEvent } from '../../retraining/events.js'
import type { StartEvent } from '../../search/events.js'
import { integer } from './format.js'
import { describeTruth } from './ground-truth.js'

/** Describes a search or a retraining that starts, in a few lines. */
export function describeStart(event: StartEvent | RetrainStartEvent): string[] {
  const steps = `${integer(event.epochs)} epochs of ${integer(event.stepsPerEpoch)} steps`
  const size = `${event.dataset}: ${steps}, ${integer(event.parameters)} weights`
  const subject = 'arch' in event ? `one network of ${event.space}` : `${event.method} on ${event.space}`
  const lines = [
    `${subject}, ${size}`,
    ...('arch' in event ? [event.arch] : []),
    ...('initial' in event ? [`begins with the weights of ${event.initial}`] : []),
    ...('groundTruth' in event && event.groundTruth !== null
      ? [`ground truth ${describeTruth(event.groundTruth)}`]
      : []),
    `run folder ${event.run}`,
  ]
  if (event.resumed !== undefined)
    lines.push(`continuing at epoch ${event.resumed.epoch + 1}, step ${event.resumed.step}`)
  return lines
}
