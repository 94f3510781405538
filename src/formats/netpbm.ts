/** Reads the raw formats of Netpbm, PGM (`P5`) and PPM (`P6`), which libvips cannot as sharp builds it. */
import { expected } from '../base/errors.js'

/** An image with interleaved channels: height × width × 3. */
export interface RgbPixels {
  readonly height: number
  readonly width: number
  readonly pixels: Uint8Array
}

/** Magic, width, height and largest value, between which are spaces and comments. One space ends the header. */
const HEADER = /^P([56])(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)\s/
/** Most bytes of a header that is looked at. */
const MOST_HEADER = 4096

/** True if a file begins as a raw PGM or PPM does. */
export function isNetpbm(bytes: Buffer): boolean {
  return /^P[56][\s#]/.test(bytes.toString('latin1', 0, 3))
}

/**
 * Pixels of an image. Greys become three equal channels.
 *
 * @throws UserError for a truncated file and for values that do not range from 0 to 255.
 */
export function parseNetpbm(bytes: Buffer, file: string): RgbPixels & { readonly isGrey: boolean } {
  const kind = 'a whole PGM or PPM image of values up to 255'
  const match = HEADER.exec(bytes.toString('latin1', 0, MOST_HEADER))
  if (match === null) throw expected(kind, file, 'another header')
  const [width, height, largest] = match.slice(2).map(Number)
  const channels = match[1] === '5' ? 1 : 3
  const wanted = channels * width * height
  const data = bytes.subarray(match[0].length, match[0].length + wanted)
  if (largest !== 255) throw expected(kind, file, `values up to ${largest}`)
  if (wanted === 0 || data.length < wanted) {
    throw expected(kind, file, `${width}×${height} pixels in ${bytes.length} bytes`)
  }
  if (channels === 3) return { height, width, pixels: data, isGrey: false }
  const pixels = new Uint8Array(3 * wanted)
  for (let at = 0; at < wanted; at++) pixels.fill(data[at], 3 * at, 3 * at + 3)
  return { height, width, pixels, isGrey: true }
}
