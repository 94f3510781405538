import type { NetworkConfig } from '../../config/network.js'
import type { SpaceConfig } from '../../config/spaces.js'
import { anyName, classesOf, extent, type SpaceEntry } from '../entry.js'
import { nasBenchMacro } from './nasbench-macro.js'
import { nasBenchMacroStandalone } from './standalone.js'

/** NAS-Bench-Macro as settings name it. */
export const NASBENCH_MACRO: SpaceEntry<
  Extract<SpaceConfig, { name: 'nasbench-macro' }>,
  Extract<NetworkConfig, { space: 'nasbench-macro' }>
> = {
  label: 'NAS-Bench-Macro',
  create: (settings, images) => nasBenchMacro({ ...settings, ...images }),
  network: nasBenchMacroStandalone,
  told(weights) {
    if (!anyName(weights, /^features\.\d+\.[012]\.(conv|downsample)\./)) return undefined
    return {
      settings: { channels: extent(weights, 'stem.0.weight', 0) },
      channels: extent(weights, 'stem.0.weight', 1),
      classes: classesOf(weights),
    }
  },
}
