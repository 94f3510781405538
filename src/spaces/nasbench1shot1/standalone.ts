/** The network of one cell of NAS-Bench-1Shot1 as settings of a retraining describe it: {@link nasBench101Network}. */
import type { NetworkConfig } from '../../config/network.js'
import type { NetworkImages } from '../entry.js'
import { givenPath, type StandaloneNetwork, standaloneNetwork } from '../standalone.js'
import { nasBench1Shot1 } from './nasbench1shot1.js'
import { nasBench101Network } from './nasbench101-network.js'

type Settings = Extract<NetworkConfig, { space: `nasbench1shot1-${number}` }>

/** The network; throws a UserError for a path outside the space, and for settings that describe no network. */
export function nasBench1Shot1Standalone(
  { space: name, path: given, channels, cellsPerStage }: Settings,
  images: NetworkImages,
): StandaloneNetwork {
  const space = nasBench1Shot1(name, { channels, cellsPerStage, ...images })
  const path = givenPath(space, given)
  const { input, classes } = space
  return standaloneNetwork(
    space,
    path,
    nasBench101Network(space.module(path), { channels, cellsPerStage, input, classes }),
  )
}
