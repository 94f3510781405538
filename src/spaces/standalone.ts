/** Networks that are trained alone: spaces with a single path, `[]`. */
import { expected } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import { auxiliaryParameters } from '../programs/outputs.js'
import type { Program } from '../programs/program.js'
import type { Outline } from './outline.js'
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

/** What a network is called, and what it reads and puts out. */
interface About extends Pick<SearchSpace, 'name' | 'operations' | 'input' | 'classes'> {
  /** The notation of its architecture. */
  readonly arch: string
  /** The same notation of what a user wrote; throws a UserError for what is none. */
  archOf(written: string): string
  outline?(): Outline
}

/** A network as a space of a single path. */
export function networkOf(about: About, parts: NetworkParts): StandaloneNetwork {
  const { name, operations, input, classes, arch, archOf, outline } = about
  const { parameters, buffers, program, supernetNames } = parts
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
      if (archOf(text) === arch) return []
      throw expected(arch, `the one path of ${name}`, `"${text}"`, 2)
    },
    ...(outline && {
      outline(path) {
        checkPath(only, path)
        return outline()
      },
    }),
    ...(supernetNames && { supernetNames }),
  }
}

/** The network of `path` in `space`. Its notation is the notation of the path. */
export function standaloneNetwork(space: SearchSpace, path: Path, parts: NetworkParts): StandaloneNetwork {
  const { operations, input, classes } = space
  const about: About = {
    ...{ name: `${space.name}-network`, operations, input, classes, arch: space.encode(path) },
    archOf: (written) => space.encode(parsePath(space, written)),
    ...(space.outline && { outline: () => space.outline!(path) }),
  }
  return networkOf(about, parts)
}

/** Number of scalar weights of a network, also of dead edges, but for those that only an auxiliary output reads. */
export function countParameters(network: StandaloneNetwork): number {
  const auxiliary = auxiliaryParameters(network.program([]))
  return network
    .parameters()
    .filter(({ name }) => !auxiliary.has(name))
    .reduce((sum, { shape }) => sum + scalars(shape), 0)
}

/** Reads a path as settings give it: a list of options, or text in the space's notation. */
export function givenPath(space: SearchSpace, path: Path | string): Path {
  if (typeof path === 'string') return parsePath(space, path)
  checkPath(space, path)
  return path
}
