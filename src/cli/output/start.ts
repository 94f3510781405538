import type { StartEvent } from '../../search/events.js'
import { integer } from './format.js'
import { describeTruth } from './ground-truth.js'
import { describeImages } from './images.js'

/** Describes a search that starts, in a few lines. */
export function describeStart(event: StartEvent): string[] {
  const steps = `${integer(event.epochs)} epochs of ${integer(event.stepsPerEpoch)} steps`
  const lines = [
    `${event.method} on ${event.space}, ${event.dataset}: ${steps}, ${integer(event.parameters)} weights`,
    ...describeImages(event.images),
    ...(event.groundTruth === null ? [] : [`ground truth ${describeTruth(event.groundTruth)}`]),
    `run folder ${event.run}`,
  ]
  if (event.resumed !== undefined)
    lines.push(`continuing at epoch ${event.resumed.epoch + 1}, step ${event.resumed.step}`)
  return lines
}
