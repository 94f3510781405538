import type { NetworkConfig } from '../../config/network.js'
import type { Sharing, SpaceConfig } from '../../config/spaces.js'
import { anyName, classesOf, extent, numbersIn, type SpaceEntry, type WeightShapes } from '../entry.js'
import { nasBench201 } from './nasbench201.js'
import { nasBench201Network } from './standalone.js'

/** NAS-Bench-201 as settings name it. */
export const NASBENCH201: SpaceEntry<
  Extract<SpaceConfig, { name: 'nasbench201' }>,
  Extract<NetworkConfig, { space: 'nasbench201' }>
> = {
  label: 'NAS-Bench-201',
  create: (settings, images) => nasBench201({ ...settings, ...images }),
  network: nasBench201Network,
  told(weights) {
    const [cellsPerStage] = numbersIn(weights, /^cells\.(\d+)\.conv_a\.op\.1\.weight$/)
    if (cellsPerStage === undefined) return undefined
    return {
      settings: {
        channels: extent(weights, 'stem.0.weight', 0),
        // The first residual block follows the cells of the first stage.
        cellsPerStage: cellsPerStage > 0 ? cellsPerStage : undefined,
        sharing: sharing(weights),
        affine: weights.has('stem.0.weight') ? weights.has('stem.1.weight') : undefined,
      },
      channels: extent(weights, 'stem.0.weight', 1),
      classes: classesOf(weights),
    }
  },
}

/** The sharing that names tell; undefined for a path without convolutions. */
function sharing(weights: WeightShapes): Sharing | undefined {
  const blocks = numbersIn(weights, /^cells\.\d+\.blocks\.(\d+)\./)
  // One block means that weights are shared per cell. Several blocks come from `withBlocks`, which spaces of either
  // sharing have.
  if (blocks.length > 0) return blocks.join() === '0' ? 'perCell' : 'perOperation'
  return anyName(weights, /^cells\.\d+\.edges\./) ? 'perOperation' : undefined
}
