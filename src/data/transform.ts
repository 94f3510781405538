import { constants } from 'node:buffer'
import { expected } from '../base/errors.js'
import type { LabelledImages } from './images.js'
import { availableMemory, gigabytes } from './memory.js'

/** Centers every image on a black square of `size` × `size`. An extra row or column goes below or to the right. */
export function padTo(split: LabelledImages, size: number): LabelledImages {
  const { height, width } = split
  if (!Number.isInteger(size) || size < Math.max(height, width)) {
    throw expected(`an integer of at least the image size ${height}×${width}`, 'data.padTo', size, 2)
  }
  const top = (size - height) >> 1
  const left = (size - width) >> 1
  const planes = split.labels.length * split.channels
  const bytes = planes * size * size
  if (bytes > Math.min(constants.MAX_LENGTH, availableMemory() / 2)) {
    const received = `${size}, which takes ${gigabytes(bytes)} for ${split.labels.length} images`
    throw expected('a size with which the images fit in half of the memory', 'data.padTo', received, 2)
  }
  const images = new Uint8Array(bytes)
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      const from = (plane * height + y) * width
      images.set(split.images.subarray(from, from + width), (plane * size + top + y) * size + left)
    }
  }
  return { ...split, images, height: size, width: size }
}

/** Replaces each block of `factor` × `factor` pixels by its mean, rounded to the nearest byte. */
export function downsample(split: LabelledImages, factor: number): LabelledImages {
  const { height, width } = split
  if (!Number.isInteger(factor) || factor < 1 || height % factor !== 0 || width % factor !== 0) {
    throw expected(`a divisor of the image size ${height}×${width}`, 'data.downsample', factor, 2)
  }
  const rows = height / factor
  const columns = width / factor
  const planes = split.labels.length * split.channels
  const images = new Uint8Array(planes * rows * columns)
  const area = factor * factor
  for (let out = 0; out < images.length; out++) {
    const x = (out % columns) * factor
    // Planes are stacked, so the row's index over all planes times the factor is its first source row.
    const y = Math.floor(out / columns) * factor
    let sum = 0
    for (let dy = 0; dy < factor; dy++) {
      const row = (y + dy) * width + x
      for (let dx = 0; dx < factor; dx++) sum += split.images[row + dx]
    }
    images[out] = Math.round(sum / area)
  }
  return { ...split, images, height: rows, width: columns }
}

/** Mean and population standard deviation of each channel over all images, in units of pixel value / 255. */
export function channelStatistics(split: LabelledImages): { mean: number[]; std: number[] } {
  const { images, channels } = split
  const area = split.height * split.width
  const mean: number[] = []
  const std: number[] = []
  for (let channel = 0; channel < channels; channel++) {
    // Doubles hold the sums of bytes and of their squares exactly for any data set that fits in memory.
    let sum = 0
    let squares = 0
    for (let start = channel * area; start < images.length; start += channels * area) {
      for (let at = start; at < start + area; at++) {
        sum += images[at]
        squares += images[at] * images[at]
      }
    }
    const count = split.labels.length * area
    const average = sum / count
    const variance = squares / count - average * average
    mean.push(average / 255)
    // A constant channel has no spread. A divisor of one keeps it finite.
    std.push(variance > 0 ? Math.sqrt(variance) / 255 : 1)
  }
  return { mean, std }
}
