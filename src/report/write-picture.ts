/** Pictures as files: SVG as it is, and PNG by the package sharp. */
import { writeAtomically } from '../base/atomic.js'
import { expected } from '../base/errors.js'

/** Pixels of a PNG per pixel of its SVG. */
const SCALE = 2

/** Pixels per inch at which sharp gives each pixel of an SVG one pixel. */
const DENSITY = 72

/** Throws a UserError unless a file's name ends in `.svg` or `.png`. */
export function checkPictureName(file: string): void {
  if (!/\.(svg|png)$/i.test(file)) throw expected('a name that ends in .svg or .png', 'a picture', file, 2)
}

/**
 * Writes a picture to a file whose name ends in `.svg` or `.png`. A PNG has twice as many pixels in each direction as the
 * SVG says, and the fonts of this machine.
 *
 * @param svg Text of an SVG file, such as `drawArchitecture` resolves to.
 * @throws UserError for another ending, for a place that cannot be written to, and for a PNG if the package sharp cannot
 *   be loaded.
 */
export async function writePicture(file: string, svg: string): Promise<void> {
  checkPictureName(file)
  if (/\.svg$/i.test(file)) return writeAtomically(file, svg)
  return writeAtomically(file, [(await drawPng(svg)).png])
}

/** A PNG, and its size in pixels. */
export interface Png {
  readonly png: Buffer
  readonly width: number
  readonly height: number
}

/** Resolves to the PNG that {@link writePicture} writes. Throws a UserError if the package sharp cannot be loaded. */
export async function drawPng(svg: string): Promise<Png> {
  const { default: sharp } = await import('sharp').catch(({ message }: Error) => {
    throw expected('the package sharp', 'writing PNG', `"${message.split('\n', 1)[0]}"`)
  })
  const image = sharp(Buffer.from(svg), { density: SCALE * DENSITY })
  const { data, info } = await image.png({ compressionLevel: 9 }).toBuffer({ resolveWithObject: true })
  return { png: data, width: info.width, height: info.height }
}
