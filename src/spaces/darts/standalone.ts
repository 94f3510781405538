/** The network of a genotype as settings of a retraining describe it: {@link dartsNetwork}. */
import type { NetworkConfig } from '../../config/network.js'
import type { NetworkImages } from '../entry.js'
import { givenPath, type StandaloneNetwork } from '../standalone.js'
import { candidateName, darts } from './darts.js'
import { decodeGenotype, type Genotype } from './genotype.js'
import { dartsNetwork } from './genotype-network.js'
import { reductionsOf } from './layers.js'

type Settings = Extract<NetworkConfig, { space: 'darts' }>

/** The network; throws a UserError for a path outside the space, and for settings that describe no network. */
export function dartsStandalone({ path, space: _, ...size }: Settings, images: NetworkImages): StandaloneNetwork {
  const genotype = genotypeOf(path)
  return { ...dartsNetwork(genotype, { ...size, ...images }), supernetNames: supernetNamesOf(genotype, size.cells) }
}

/** A text keeps its order of a node's two operations, which decides on the names of their tensors. */
function genotypeOf(path: Settings['path']): Genotype {
  const space = darts()
  return decodeGenotype(typeof path === 'string' && /[a-z]/i.test(path) ? path : space.encode(givenPath(space, path)))
}

function supernetNamesOf({ normal, reduce }: Genotype, cells: number) {
  const reductions = reductionsOf(cells)
  return (name: string): string[] => {
    const [, cell, index, position, rest] = /^(cells\.(\d+))\._ops\.(\d+)\.(.+)$/.exec(name) ?? []
    if (rest === undefined) return [name]
    const edge = (reductions.has(Number(index)) ? reduce : normal)[Number(position)]
    // Each of the nodes 2, 3, … has two operations.
    const node = 2 + Math.floor(Number(position) / 2)
    return [`${candidateName(cell, node, edge)}.${rest}`]
  }
}
