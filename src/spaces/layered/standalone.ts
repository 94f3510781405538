/**
 * Networks of layers that are trained alone. Their tensors have the names of the supernet without the names of
 * candidates, which are the names in the authors' code of NAS-Bench-Macro and in timm's EfficientNets.
 */
import type { NetworkConfig } from '../../config/network.js'
import { ProgramBuilder } from '../../programs/program-builder.js'
import type { NetworkImages } from '../entry.js'
import type { Path, SearchSpace } from '../space.js'
import { givenPath, type NetworkParts, type StandaloneNetwork, standaloneNetwork } from '../standalone.js'
import type { NamedBlock } from './block.js'
import { nasBenchMacro, nasBenchMacroBlocks } from './nasbench-macro.js'
import { proxylessNas, proxylessNasBlocks } from './proxylessnas.js'

type Settings<Name> = Extract<NetworkConfig, { space: Name }>

/** The network of NAS-Bench-Macro; throws a UserError for a path outside the space or settings of no network. */
export function nasBenchMacroStandalone(
  { path, channels }: Settings<'nasbench-macro'>,
  images: NetworkImages,
): StandaloneNetwork {
  const space = nasBenchMacro({ channels, ...images })
  return layered(space, givenPath(space, path), (path) =>
    nasBenchMacroBlocks(path, { channels, input: space.input, classes: space.classes }),
  )
}

/** The network of ProxylessNAS; throws a UserError for a path outside the space or settings of no network. */
export function proxylessNasStandalone(
  { path, space: _, dropPath, dropout, ...size }: Settings<'proxylessnas'>,
  images: NetworkImages,
): StandaloneNetwork {
  const space = proxylessNas({ ...size, ...images })
  return layered(space, givenPath(space, path), (path) =>
    proxylessNasBlocks(path, { ...size, dropPath, dropout, ...images }),
  )
}

function layered(space: SearchSpace, path: Path, blocksOf: (path: Path) => readonly NamedBlock[]): StandaloneNetwork {
  const blocks = blocksOf(path)
  const builder = new ProgramBuilder()
  const output = blocks.reduce((x, { block }) => block.apply(builder, x), builder.input(space.input))
  const renamed = blocks.flatMap((named) => named.renamed ?? [])
  const parts: NetworkParts = {
    parameters: blocks.flatMap(({ block }) => block.parameters),
    buffers: blocks.flatMap(({ block }) => block.buffers),
    program: builder.finish(output),
    supernetNames(name) {
      const block = renamed.find(({ from }) => name.startsWith(from))
      return [block === undefined ? name : block.supernet + name.slice(block.from.length)]
    },
  }
  return standaloneNetwork(space, path, parts)
}
