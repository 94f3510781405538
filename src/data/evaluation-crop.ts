import type { Extents } from './images.js'
import { type Axis, type Interpolation, resample } from './resample.js'

/** Position of a square in the resized image. */
export interface EvaluationCrop {
  readonly resized: Extents
  readonly top: number
  readonly left: number
}

/**
 * The crop on which ImageNet networks are evaluated: torchvision's `Resize(256)` and `CenterCrop(224)` for size 224,
 * and the same proportion for other sizes. The shorter side is resized to `size` · 256 / 224, rounded. The longer side
 * is resized in proportion, rounded down. Then the square in the middle is kept.
 */
export function evaluationCrop({ height, width }: Extents, size: number): EvaluationCrop {
  const shorter = Math.round((size * 256) / 224)
  const longer = Math.floor((shorter * Math.max(height, width)) / Math.min(height, width))
  const resized = height <= width ? { height: shorter, width: longer } : { height: longer, width: shorter }
  return { resized, top: halfToEven(resized.height - size), left: halfToEven(resized.width - size) }
}

/**
 * Computes the {@link evaluationCrop} of an image. The result equals torchvision's with Pillow, bit by bit.
 *
 * @param pixels height × width × 3.
 * @param planes Receives 3 × size × size.
 */
export function cropForEvaluation(
  pixels: Uint8Array,
  extents: Extents,
  size: number,
  interpolation: Interpolation,
  planes: Uint8Array,
): void {
  const { resized, top, left } = evaluationCrop(extents, size)
  const rows: Axis = { from: extents.height, to: resized.height, start: top, count: size }
  const columns: Axis = { from: extents.width, to: resized.width, start: left, count: size }
  resample(pixels, rows, columns, interpolation, planes)
}

/** Half of an integer, rounded; ties go to the even neighbor, as in Python's `round`. */
function halfToEven(value: number): number {
  const down = Math.floor(value / 2)
  return value % 2 === 1 && down % 2 === 1 ? down + 1 : down
}
