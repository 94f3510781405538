import { counted } from '../../base/format.js'
import { EVENT_LOG } from '../../runs/event-log.js'
import type { DiscardedEvent } from '../../search/events.js'

/** What has changed, in words. Other settings have their own names. */
const WORDS: Readonly<Record<string, string>> = {
  rule: 'by an earlier version, which did not keep what they were computed from',
  images: 'from other images',
  weights: 'from other weights',
  groundTruth: 'with another ground truth',
  batchSize: 'with another batch size',
  imageCount: 'on another number of images',
  recalibration: 'with other running statistics',
}

/** Says in one line which results of a run folder are given up, and why. */
export function describeDiscarded({ file, records, changed }: DiscardedEvent): string {
  if (changed.includes('damage')) return describeDamaged(file, records)
  if (changed.includes('summary'))
    return `removed ${file}, because the damaged summary.json does not say what it was made from`
  const made = `made ${changed.map((name) => WORDS[name] ?? `with another ${name}`).join(' and ')}`
  if (records === undefined) return `removed ${file}, which was ${made}`
  return `discarded ${counted(records, 'record')} of ${file}, ${made}`
}

function describeDamaged(file: string, records: number | undefined): string {
  if (records !== undefined) {
    return `discarded ${counted(records, 'record')} of ${file}, which is damaged there`
  }
  if (file === EVENT_LOG) return `mended ${file}, which is torn or damaged: those events are lost, the weights are not`
  return `removed ${file}, which was damaged`
}
