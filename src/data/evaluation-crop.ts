import type { Extents } from './images.js'
import { type Axis, resample } from './resample.js'

/** Where a square lies in an image that is first resized. */
export interface EvaluationCrop {
  readonly resized: Extents
  readonly top: number
  readonly left: number
}

/**
 * Where ImageNet's networks look when they are evaluated, as torchvision's `Resize(256)` and `CenterCrop(224)` say it
 * for a size of 224, and in the same proportion for others: the shorter side is resized to `size` · 256 / 224, the
 * longer one in proportion, rounded down; then the square in the middle is kept.
 */
export function evaluationCrop({ height, width }: Extents, size: number): EvaluationCrop {
  const shorter = Math.round((size * 256) / 224)
  const longer = Math.floor((shorter * Math.max(height, width)) / Math.min(height, width))
  const resized = height <= width ? { height: shorter, width: longer } : { height: longer, width: shorter }
  return { resized, top: halfToEven(resized.height - size), left: halfToEven(resized.width - size) }
}

/**
 * The {@link evaluationCrop} of an image, to the last bit what torchvision makes of it with Pillow.
 *
 * @param pixels height × width × 3.
 * @param planes Receives 3 × size × size.
 */
export function cropForEvaluation(pixels: Uint8Array, extents: Extents, size: number, planes: Uint8Array): void {
  const { resized, top, left } = evaluationCrop(extents, size)
  const rows: Axis = { from: extents.height, to: resized.height, start: top, count: size }
  const columns: Axis = { from: extents.width, to: resized.width, start: left, count: size }
  resample(pixels, rows, columns, planes)
}

/** Half of a whole number; between two whole numbers the even one, as Python's `round` chooses. */
function halfToEven(value: number): number {
  const down = Math.floor(value / 2)
  return value % 2 === 1 && down % 2 === 1 ? down + 1 : down
}
