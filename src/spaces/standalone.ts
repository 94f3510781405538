/** Networks that are trained alone: spaces with a single path, `[]`. */
import { expected } from '../base/errors.js'
import type { Program } from '../programs/program.js'
import { checkPath, parsePath } from './path.js'
import type { BufferSpec, ParameterSpec, Path, SearchSpace } from './space.js'

/** The network of one architecture, as the literature trains it alone. */
export interface StandaloneNetwork extends SearchSpace {
  buffers(): readonly BufferSpec[]
  /**
   * Names, in the supernet of the same space, that may hold the initial values of a tensor. Absent if the shapes of the
   * supernet's weights differ from the network's.
   */
  supernetNames?(name: string): readonly string[]
}

/** The tensors of a network, and what it computes. */
export interface NetworkParts {
  readonly parameters: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  readonly program: Program
  supernetNames?(name: string): readonly string[]
}

/** The network of `path` in `space`. Its notation is the notation of the path. */
export function standaloneNetwork(space: SearchSpace, path: Path, parts: NetworkParts): StandaloneNetwork {
  const { parameters, buffers, program, supernetNames } = parts
  const { operations, input, classes } = space
  const name = `${space.name}-network`
  const arch = space.encode(path)
  const only: Pick<SearchSpace, 'name' | 'choices'> = { name, choices: [] }
  return {
    ...only,
    operations,
    input,
    classes,
    parameters: () => parameters,
    buffers: () => buffers,
    program(path) {
      checkPath(only, path)
      return program
    },
    encode(path) {
      checkPath(only, path)
      return arch
    },
    decode(text) {
      if (space.encode(parsePath(space, text)) === arch) return []
      throw expected(arch, `the one path of ${name}`, `"${text}"`, 2)
    },
    ...(space.outline && {
      outline(given) {
        checkPath(only, given)
        return space.outline!(path)
      },
    }),
    ...(supernetNames && { supernetNames }),
  }
}

/** Reads a path as settings give it: a list of options, or text in the space's notation. */
export function givenPath(space: SearchSpace, path: Path | string): Path {
  if (typeof path === 'string') return parsePath(space, path)
  checkPath(space, path)
  return path
}
