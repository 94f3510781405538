/** Reads Windows bitmaps, which libvips cannot: uncompressed ones of 8 bits with a palette, 24 or 32 bits. */
import { expected } from '../base/errors.js'
import type { RgbPixels } from './netpbm.js'

/** Bytes of the file header, and the least of the header of the image, which begins with its own length. */
const FILE_HEADER = 14
const IMAGE_HEADER = 40
/** Compressions that store plain pixels: none, and masks that say which byte is which color. */
const NONE = 0
const MASKS = 3
/** Masks of red, green and blue in pixels of 32 bits, of which the bytes are blue, green, red and a fourth. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff]

/** True if a file begins as a bitmap does. */
export function isBmp(bytes: Buffer): boolean {
  return bytes.length > 2 && bytes.toString('latin1', 0, 2) === 'BM'
}

/**
 * Pixels of a bitmap. A fourth byte per pixel is dropped.
 *
 * @throws UserError for a truncated file, compressed pixels, and other numbers of bits per pixel.
 */
export function parseBmp(bytes: Buffer, file: string): RgbPixels {
  const kind = 'a whole, uncompressed BMP image of 8, 24 or 32 bits per pixel'
  if (bytes.length < FILE_HEADER + IMAGE_HEADER) throw expected(kind, file, `${bytes.length} bytes`)
  const start = bytes.readUInt32LE(10)
  const header = bytes.readUInt32LE(14)
  const [width, signedHeight] = [bytes.readInt32LE(18), bytes.readInt32LE(22)]
  const [bits, compression] = [bytes.readUInt16LE(28), bytes.readUInt32LE(30)]
  const masked = compression === MASKS && bits === 32 && bytes.length >= FILE_HEADER + IMAGE_HEADER + 12
  const usual =
    masked && USUAL_MASKS.every((mask, i) => bytes.readUInt32LE(FILE_HEADER + IMAGE_HEADER + 4 * i) === mask)
  if (header < IMAGE_HEADER || ![8, 24, 32].includes(bits) || !(compression === NONE || usual)) {
    throw expected(kind, file, `${bits} bits, compression ${compression}`)
  }
  const height = Math.abs(signedHeight)
  const stride = 4 * Math.ceil((bits * width) / 32)
  if (width < 1 || height < 1 || start + stride * height > bytes.length) {
    throw expected(kind, file, `${width}×${height} pixels in ${bytes.length} bytes`)
  }
  // A palette follows the header, with four bytes per color.
  const palette = bytes.subarray(FILE_HEADER + header, start)
  const size = bits / 8
  const pixels = new Uint8Array(3 * width * height)
  for (let y = 0, to = 0; y < height; y++) {
    // Rows go upwards, unless the height is negative.
    const row = start + stride * (signedHeight > 0 ? height - 1 - y : y)
    for (let x = 0; x < width; x++, to += 3) {
      const at = row + size * x
      const [from, index] = bits === 8 ? [palette, 4 * bytes[at]] : [bytes, at]
      if (index + 2 >= from.length) throw expected(kind, file, `color ${bytes[at]} beyond the palette`)
      pixels[to] = from[index + 2]
      pixels[to + 1] = from[index + 1]
      pixels[to + 2] = from[index]
    }
  }
  return { height, width, pixels }
}
