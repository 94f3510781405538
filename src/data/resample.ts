/**
 * Resizes bytes with exactly Pillow's results. Libraries agree on the filters, but not on their rounding, nor on the
 * positions of pixels in an enlarged image. `native/data/resample.cc` does the same for streamed images.
 */

/** Weights are integers in units of 2^−22, so that a sum of bytes times weights stays within 32 bits. */
const PRECISION = 22

/** A filter: its support in pixels of the smaller image, and its value at a distance from the centre. */
interface Kernel {
  readonly support: number
  weigh(distance: number): number
}

/** The filters that images can be resized with. The cubic has a = −0.5. */
const KERNELS = {
  bilinear: { support: 1, weigh: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: {
    support: 2,
    weigh(distance) {
      const a = -0.5
      const x = Math.abs(distance)
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    },
  },
} as const satisfies Record<string, Kernel>

/** Name of a filter. */
export type Interpolation = keyof typeof KERNELS

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
 * Resizes an image and keeps a part of it, along one axis after the other. The filter is as wide as pixels of the
 * smaller image, so a shrinking image is averaged (antialiasing).
 *
 * @param pixels rows.from × columns.from × 3.
 * @param planes Receives 3 × rows.count × columns.count.
 */
export function resample(
  pixels: Uint8Array,
  rows: Axis,
  columns: Axis,
  interpolation: Interpolation,
  planes: Uint8Array,
): void {
  const kernel = KERNELS[interpolation]
  const down = tapsOf(rows, kernel)
  const across = tapsOf(columns, kernel)
  if (columnsFirst(rows, columns)) {
    separate(resizeRows(resizeColumns(pixels, down, 0, columns.from), columns.from, across), planes)
    return
  }
  const first = down.first[0]
  const last = down.first[rows.count - 1] + down.taken[rows.count - 1]
  const source = pixels.subarray(first * columns.from * 3, last * columns.from * 3)
  separate(resizeColumns(resizeRows(source, columns.from, across), down, first, columns.count), planes)
}

/**
 * True if columns are resized before rows, with bytes in between. Found by trying 1,500 sizes: Pillow does so since
 * version 13, if that makes the image much lower, and the rows not much narrower afterwards. Earlier versions always
 * begin with rows. Single bytes differ by one.
 */
function columnsFirst(rows: Axis, columns: Axis): boolean {
  return rows.from > rows.to && 2 * (columns.from - columns.to) < rows.from - rows.to
}

/** Separates the channels of interleaved pixels. */
function separate(pixels: Uint8Array, planes: Uint8Array): void {
  const area = pixels.length / 3
  for (let at = 0, from = 0; at < area; at++) {
    for (let to = at, channel = 0; channel < 3; channel++, to += area) planes[to] = pixels[from++]
  }
}

function tapsOf({ from, to, start, count }: Axis, kernel: Kernel): Taps {
  const scale = from / to
  const shrink = Math.max(scale, 1)
  const support = kernel.support * shrink
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
    const values = Array.from({ length: taken }, (_, tap) => kernel.weigh((tap + first - centre + 0.5) * (1 / shrink)))
    const sum = values.reduce((total, weight) => total + weight, 0)
    taps.first[index] = first
    taps.taken[index] = taken
    taps.weights.set(
      values.map((weight) => Math.trunc((weight < 0 ? -0.5 : 0.5) + (weight / sum) * 2 ** PRECISION)),
      index * stride,
    )
  }
  return taps
}

/** Resizes every row of `source`, each of `width` pixels. The result is interleaved too. */
function resizeRows(source: Uint8Array, width: number, { first, taken, weights, stride }: Taps): Uint8Array {
  const count = first.length
  const rows = source.length / (3 * width)
  const resized = new Uint8Array(rows * count * 3)
  let to = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < count; column++, to += 3) {
      let from = (row * width + first[column]) * 3
      let red = 1 << (PRECISION - 1)
      let green = red
      let blue = red
      for (let tap = column * stride, end = tap + taken[column]; tap < end; tap++, from += 3) {
        const weight = weights[tap]
        red += weight * source[from]
        green += weight * source[from + 1]
        blue += weight * source[from + 2]
      }
      resized[to] = byteOf(red)
      resized[to + 1] = byteOf(green)
      resized[to + 2] = byteOf(blue)
    }
  }
  return resized
}

/** Resizes the columns of rows of `width` pixels, the first of which is the image's row `firstRow`. */
function resizeColumns(
  source: Uint8Array,
  { first, taken, weights, stride }: Taps,
  firstRow: number,
  width: number,
): Uint8Array {
  const resized = new Uint8Array(first.length * width * 3)
  const sums = new Int32Array(width * 3)
  for (let row = 0; row < first.length; row++) {
    sums.fill(1 << (PRECISION - 1))
    for (let tap = 0; tap < taken[row]; tap++) {
      const weight = weights[row * stride + tap]
      const from = (first[row] + tap - firstRow) * width * 3
      for (let at = 0; at < sums.length; at++) sums[at] += weight * source[from + at]
    }
    for (let at = 0; at < sums.length; at++) resized[row * sums.length + at] = byteOf(sums[at])
  }
  return resized
}

/** A sum of bytes times weights as a byte. Cubic weights may be negative. */
function byteOf(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION))
}
