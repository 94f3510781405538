/** Decodes image files to planes of bytes. Only the first image loads sharp, so other formats need not wait. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Metadata } from 'sharp'
import { expected } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import type { DataConfig } from '../config/schema.js'
import { isBmp, parseBmp } from '../formats/bmp.js'
import { refuseForeign } from '../formats/foreign.js'
import { isNetpbm, parseNetpbm } from '../formats/netpbm.js'
import { cropForEvaluation } from './evaluation-crop.js'
import { type FileName, shownName } from './file-names.js'
import type { ImageFact } from './image-facts.js'
import type { Extents } from './images.js'

/** An image with interleaved channels: height × width × 3. */
interface Decoded extends Extents {
  readonly pixels: Uint8Array
  readonly facts: readonly ImageFact[]
}

/**
 * Height and width of the image in `file` as stored. An orientation in its EXIF data is not applied.
 *
 * @throws UserError as {@link decodeTo} does.
 */
export async function extentsOf(file: FileName): Promise<Extents> {
  const { height, width } = await decode(file)
  return { height, width }
}

/**
 * Decodes the image in `file` to 3 × height × width bytes: the red, green and blue planes. As in torchvision, grey
 * images get three equal planes, alpha is dropped, and color profiles and EXIF orientation are ignored. Of 16 bits per
 * channel the upper 8 are taken, and of several frames or pages the first. CMYK becomes RGB by libvips, with other
 * results than Pillow's.
 *
 * @param options `size`: if given, images that differ from `extents` are resized, with antialiasing, and cropped to
 *   `size` × `size`; see evaluationCrop. If absent, every image must have `extents`.
 * @returns What the planes do not show.
 * @throws UserError for a file that cannot be read or decoded, a truncated file, and, without `size`, other extents.
 */
export async function decodeTo(
  planes: Uint8Array,
  file: FileName,
  extents: Extents,
  { size, interpolation = 'bilinear' }: Pick<DataConfig, 'size' | 'interpolation'> = {},
): Promise<readonly ImageFact[]> {
  const decoded = await decode(file)
  const equal = decoded.height === extents.height && decoded.width === extents.width
  if (equal) separate(decoded, planes)
  else if (size !== undefined) cropForEvaluation(decoded.pixels, decoded, size, interpolation, planes)
  if (equal || size !== undefined) return decoded.facts
  const [wanted, received] = [extents, decoded].map(({ height, width }) => `${height}×${width}`)
  throw expected(`${wanted} pixels as in the first image, or data.size,`, shownName(file), received)
}

async function decode(path: FileName): Promise<Decoded> {
  const file = shownName(path)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable file', file, whyUnreadable(error))
  })
  refuseForeign(bytes, file, 'an image')
  // The first bytes tell the type, not the name.
  if (isBmp(bytes)) return { ...parseBmp(bytes, file), facts: [] }
  if (isNetpbm(bytes)) {
    const { isGrey, ...image } = parseNetpbm(bytes, file)
    return { ...image, facts: isGrey ? ['grey'] : [] }
  }
  return decodeBySharp(bytes, file)
}

async function decodeBySharp(bytes: Buffer, file: string): Promise<Decoded> {
  const { default: sharp } = await import('sharp').catch(({ message }: Error) => {
    throw expected('the package sharp', 'decoding images', `"${firstLine(message)}"`)
  })
  const broken = ({ message }: Error) => {
    throw expected('a whole image of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM', file, `"${firstLine(message)}"`)
  }
  // Warnings are ignored: some of ImageNet's own files have a few stray bytes, which every decoder skips.
  const image = sharp(bytes, { failOn: 'error', ignoreIcc: true })
  const metadata = await image.metadata().catch(broken)
  if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') {
    throw expected('8 or 16 bits per channel', file, `values of type ${metadata.depth}`)
  }
  const output = image.removeAlpha().toColourspace('srgb').raw()
  const { data, info } = await output.toBuffer({ resolveWithObject: true }).catch(broken)
  if (info.channels !== 3) throw expected('an image of colours or greys', file, `${info.channels} channels`)
  return { pixels: data, height: info.height, width: info.width, facts: factsOf(metadata) }
}

function factsOf({ space, hasAlpha, orientation = 1, depth, pages = 1 }: Metadata): ImageFact[] {
  const facts: readonly [ImageFact, boolean][] = [
    ['grey', space === 'b-w' || space === 'grey16'],
    ['alpha', hasAlpha === true],
    ['orientation', orientation !== 1],
    ['deep', depth !== 'uchar'],
    ['cmyk', space === 'cmyk'],
    ['frames', pages > 1],
  ]
  return facts.filter(([, holds]) => holds).map(([fact]) => fact)
}

/** Version of sharp, which decides what pixels a file has. It is read without loading sharp. Empty without sharp. */
export function decoderVersion(): string {
  try {
    return (createRequire(import.meta.url)('sharp/package.json') as { version: string }).version
  } catch {
    return ''
  }
}

function firstLine(message: string): string {
  return message.split('\n')[0].replace(/:$/, '')
}

function separate({ pixels, height, width }: Decoded, planes: Uint8Array): void {
  const area = height * width
  for (let at = 0, from = 0; at < area; at++, from += 3) {
    planes[at] = pixels[from]
    planes[area + at] = pixels[from + 1]
    planes[2 * area + at] = pixels[from + 2]
  }
}
