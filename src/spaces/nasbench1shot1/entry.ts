import type { NetworkConfig } from '../../config/network.js'
import type { Sharing, SpaceConfig } from '../../config/spaces.js'
import { anyName, classesOf, extent, numbersIn, type SpaceEntry, type WeightShapes } from '../entry.js'
import { CELL_SPACES, type CellSpaceNumber } from './cell.js'
import { nasBench1Shot1 } from './nasbench1shot1.js'
import { STACKS } from './network.js'
import { nasBench1Shot1Standalone } from './standalone.js'

/**
 * NAS-Bench-1Shot1 as settings name it: space 1, 2 or 3. The supernets of spaces 1 and 2 have the same weights, so both
 * entries recognize them.
 */
export function nasBench1Shot1Entry(
  number: CellSpaceNumber,
): SpaceEntry<
  Omit<Extract<SpaceConfig, { name: `nasbench1shot1-${CellSpaceNumber}` }>, 'name'>,
  Extract<NetworkConfig, { space: `nasbench1shot1-${CellSpaceNumber}` }>
> {
  return {
    label: `NAS-Bench-1Shot1-${number}`,
    create: (settings, images) => nasBench1Shot1(`nasbench1shot1-${number}`, { ...settings, ...images }),
    network: nasBench1Shot1Standalone,
    told(weights) {
      if (!anyName(weights, /^cells\.\d+\._input_projections\./)) return undefined
      // The last convolution reads the concatenation of all intermediates, and gives as many channels as one of them
      // has.
      const width = extent(weights, 'postprocess.op.1.weight', 0)
      const { intermediates } = CELL_SPACES[number]
      if (extent(weights, 'postprocess.op.1.weight', 1, width) !== intermediates) return undefined
      const cells = numbersIn(weights, /^cells\.(\d+)\./).length / STACKS
      return {
        settings: {
          channels: extent(weights, 'stem.op.0.weight', 0),
          cellsPerStage: Number.isInteger(cells) ? cells : undefined,
          sharing: sharing(weights),
        },
        channels: extent(weights, 'stem.op.0.weight', 1),
        classes: classesOf(weights),
      }
    },
  }
}

/** The sharing that names tell; undefined for a path without convolutions. */
function sharing(weights: WeightShapes): Sharing | undefined {
  if (anyName(weights, /^cells\.\d+\.blocks\.0\./)) return 'perCell'
  return anyName(weights, /^cells\.\d+\._choice_blocks\./) ? 'perOperation' : undefined
}
