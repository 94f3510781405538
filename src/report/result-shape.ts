/** Whether the content of a `summary.json` has the shape of a retraining's result, in all that reports show. */
import { isGroup } from '../config/settings.js'
import type { RetrainResult } from '../retraining/events.js'
import { isOptionalNumber, isOptionalText } from '../runs/result-shape.js'

/** True for the result of a retraining. */
export function isRetrainResult(value: object): value is RetrainResult {
  const { dataset, epochs, seconds, best } = value as Partial<Record<keyof RetrainResult, unknown>>
  const isBest =
    best === undefined || (isGroup(best) && typeof best.top1 === 'number' && typeof best.epoch === 'number')
  return [epochs, seconds].every(isOptionalNumber) && isOptionalText(dataset) && isBest
}
