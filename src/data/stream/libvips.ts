/** Finds libvips, which the package sharp brings and which the addon opens. */
import { expected } from '../../base/errors.js'

/**
 * Names under which the system knows the library once sharp has loaded it, or has it itself. sharp's own has the
 * version in its name.
 *
 * @throws UserError if sharp does not load.
 */
export async function libvipsNames(): Promise<string[]> {
  const { default: sharp } = await import('sharp').catch(({ message }: Error) => {
    throw expected('the package sharp', 'decoding images', `"${message.split('\n')[0]}"`)
  })
  const { vips } = sharp.versions
  return [`libvips-cpp.so.${vips}`, `@rpath/libvips-cpp.${vips}.dylib`, 'libvips.so.42', 'libvips.42.dylib']
}
