/**
 * Resizes bytes bilinearly, with exactly Pillow's results. Libraries agree on the filter, but not on its rounding, nor
 * on the positions of pixels in an enlarged image.
 */

/** Weights are integers in units of 2^−22. They sum to one, so a sum of bytes times weights stays within 30 bits. */
const PRECISION = 22

/** One axis of an image, resized from `from` to `to` pixels. The `count` pixels from `start` on are kept. */
export interface Axis {
  readonly from: number
  readonly to: number
  readonly start: number
  readonly count: number
}

/** For each kept pixel, the first source pixel that it depends on, the number of source pixels, and their weights. */
interface Taps {
  readonly first: Int32Array
  readonly taken: Int32Array
  /** `stride` weights per kept pixel. The first `taken` are used. */
  readonly weights: Int32Array
  readonly stride: number
}

/**
 * Resizes an image and keeps a part of it. It works along rows first, then along columns, with bytes in between. The
 * filter is a triangle as wide as two pixels of the smaller image, so a shrinking image is averaged (antialiasing).
 *
 * @param pixels rows.from × columns.from × 3.
 * @param planes Receives 3 × rows.count × columns.count.
 */
export function resample(pixels: Uint8Array, rows: Axis, columns: Axis, planes: Uint8Array): void {
  const down = tapsOf(rows)
  const firstRow = down.first[0]
  const lastRow = down.first[rows.count - 1] + down.taken[rows.count - 1]
  const source = pixels.subarray(firstRow * columns.from * 3, lastRow * columns.from * 3)
  const narrowed = resizeRows(source, columns)
  resizeColumns(narrowed, down, firstRow, columns.count, planes)
}

function tapsOf({ from, to, start, count }: Axis): Taps {
  const scale = from / to
  const support = Math.max(scale, 1)
  const stride = 2 * Math.ceil(support) + 1
  const taps = {
    first: new Int32Array(count),
    taken: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
  }
  for (let index = 0; index < count; index++) {
    const centre = (start + index + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - support + 0.5))
    const taken = Math.min(from, Math.trunc(centre + support + 0.5)) - first
    const triangle = Array.from({ length: taken }, (_, tap) =>
      Math.max(0, 1 - Math.abs((tap + first - centre + 0.5) * (1 / support))),
    )
    const sum = triangle.reduce((total, weight) => total + weight, 0)
    taps.first[index] = first
    taps.taken[index] = taken
    taps.weights.set(
      triangle.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** PRECISION)),
      index * stride,
    )
  }
  return taps
}

/** Resizes every row of `source`. Returns rows × columns.count × 3. */
function resizeRows(source: Uint8Array, columns: Axis): Uint8Array {
  const { first, taken, weights, stride } = tapsOf(columns)
  const rows = source.length / (3 * columns.from)
  const resized = new Uint8Array(rows * columns.count * 3)
  let to = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns.count; column++, to += 3) {
      let from = (row * columns.from + first[column]) * 3
      let red = 1 << (PRECISION - 1)
      let green = red
      let blue = red
      for (let tap = column * stride, end = tap + taken[column]; tap < end; tap++, from += 3) {
        const weight = weights[tap]
        red += weight * source[from]
        green += weight * source[from + 1]
        blue += weight * source[from + 2]
      }
      // Weights are not negative and sum to one except for rounding, so a value may exceed 255 but not fall below 0.
      resized[to] = Math.min(255, red >> PRECISION)
      resized[to + 1] = Math.min(255, green >> PRECISION)
      resized[to + 2] = Math.min(255, blue >> PRECISION)
    }
  }
  return resized
}

/** Resizes the columns of the rows from `firstRow` on, a result of {@link resizeRows}, and separates the channels. */
function resizeColumns(source: Uint8Array, taps: Taps, firstRow: number, width: number, planes: Uint8Array): void {
  const { first, taken, weights, stride } = taps
  const area = first.length * width
  const sums = new Int32Array(width * 3)
  for (let row = 0; row < first.length; row++) {
    sums.fill(1 << (PRECISION - 1))
    for (let tap = 0; tap < taken[row]; tap++) {
      const weight = weights[row * stride + tap]
      const from = (first[row] + tap - firstRow) * width * 3
      for (let at = 0; at < sums.length; at++) sums[at] += weight * source[from + at]
    }
    for (let column = 0, at = 0; column < width; column++) {
      for (let to = row * width + column, channel = 0; channel < 3; channel++, to += area) {
        planes[to] = Math.min(255, sums[at++] >> PRECISION)
      }
    }
  }
}
