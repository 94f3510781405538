/** The C library of this machine. The wheels of libtorch are built for glibc. */

/** Oldest glibc that the pinned wheels run with: their platform tag is `manylinux_2_28`. */
const OLDEST = [2, 28] as const

/** How messages begin that tell of a C library for which there are no wheels. */
export const NEEDS_GLIBC = 'libtorch needs glibc'

/**
 * Throws an Error if the pinned libtorch cannot run with the C library, before anything is downloaded.
 *
 * @param glibc Version of glibc, e.g. `2.36`; undefined if the C library is another one, such as musl.
 */
export function checkLibc(glibc: string | undefined = glibcVersion()): void {
  const needed = `${NEEDS_GLIBC} ${OLDEST.join('.')} or newer`
  if (glibc === undefined) {
    throw new Error(`${needed}, and this system has another C library (musl): use one with glibc, such as Debian`)
  }
  const [major = 0, minor = 0] = glibc.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new Error(`${needed}, and this system has ${glibc}: use a newer one, or an older libtorch with LIBTORCH`)
}

/** Version of the glibc that this process runs with; undefined if it runs with another C library. */
function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime
}
