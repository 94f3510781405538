import { expected } from '../../base/errors.js'

/** Pixels of a PNG per pixel of an SVG. */
const SCALE = 2

/** Pixels per inch at which sharp gives a pixel to a pixel. */
const DENSITY = 72

/**
 * Resolves to the bytes of a PNG file of an SVG, at twice its size.
 *
 * @throws UserError if the package sharp cannot be loaded here.
 */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp').catch(({ message }: Error) => {
    throw expected('the package sharp', 'writing PNG', `"${message.split('\n', 1)[0]}"`)
  })
  return sharp(Buffer.from(svg), { density: SCALE * DENSITY })
    .png({ compressionLevel: 9 })
    .toBuffer()
}
