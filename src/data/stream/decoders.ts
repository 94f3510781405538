/** The libraries that decode images: libvips, which the package sharp brings, and libjpeg-turbo if there is one. */
import { expected } from '../../base/errors.js'
import { jpegLibrary, type StreamData } from '../../native/index.js'
import { jpegLibraries } from '../../setup/jpeg-library.js'

/** Names of libraries under which the addon looks for them. */
export type DecoderNames = Pick<StreamData, 'libraries' | 'jpegLibraries'>

/**
 * Names under which the system knows libvips once sharp has loaded it, or has it itself; sharp's own has the version in
 * its name. And names of libjpeg-turbo.
 *
 * @throws UserError if sharp does not load.
 */
export async function decoderNames(): Promise<DecoderNames> {
  const { default: sharp } = await import('sharp').catch(({ message }: Error) => {
    throw expected('the package sharp', 'decoding images', `"${message.split('\n')[0]}"`)
  })
  const { vips } = sharp.versions
  const libraries = [`libvips-cpp.so.${vips}`, `@rpath/libvips-cpp.${vips}.dylib`, 'libvips.so.42', 'libvips.42.dylib']
  return { libraries, jpegLibraries: jpegLibraries() }
}

/** What decodes JPEGs on this machine, in words. Needs the addon. */
export function jpegDecoder(): string {
  const library = jpegLibrary(jpegLibraries())
  return library === undefined ? 'libvips' : `libjpeg-turbo (${library})`
}
