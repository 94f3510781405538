import { constants } from 'node:buffer'
import { totalmem } from 'node:os'
import { UserError } from '../base/errors.js'
import type { Extents } from './images.js'

/** More images than fit in memory. */
export class TooManyImages extends UserError {}

/** Memory in bytes that this process may use: the machine's, or its container's if that has less. */
export function availableMemory(): number {
  // Without a constraint, the value is 0 or larger than the memory.
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** Most bytes of cropped images that a split keeps for evaluations: a quarter of the memory. */
export function mostKeptCrops(memory = availableMemory()): number {
  return Math.floor(memory / 4)
}

/**
 * Throws unless all splits of RGB images fit in half of the memory, and each split in one array. Half, because the
 * addon's copy exists next to them for a while.
 *
 * @throws TooManyImages, a UserError that names the settings for fewer or smaller images.
 */
export function requireMemory(
  counts: Readonly<Record<string, number>>,
  { height, width }: Extents,
  name: string,
  memory = availableMemory(),
): void {
  const image = 3 * height * width
  const images = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const largest = Math.max(...Object.values(counts))
  const fits = images * image <= memory / 2
  if (fits && largest * image <= constants.MAX_LENGTH) return
  const limit = fits
    ? `at most ${gigabytes(constants.MAX_LENGTH)} per split, the longest array of this Node.js,`
    : `at most ${gigabytes(memory / 2)}, half of the memory,`
  const received = `${fits ? largest : images} images of 3×${height}×${width}, ${gigabytes((fits ? largest : images) * image)}`
  const advice = 'data.trainCount and data.size make it less, and data.source streaming reads them during training'
  throw new TooManyImages(`Expected ${limit} for ${name} but received ${received}; ${advice}`)
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
