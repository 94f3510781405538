import type { NetworkConfig } from '../../config/network.js'
import type { SpaceConfig } from '../../config/spaces.js'
import { classesOf, extent, numbersIn, type SpaceEntry } from '../entry.js'
import { darts } from './darts.js'
import { STEM_MULTIPLIER } from './layers.js'
import { dartsStandalone } from './standalone.js'

/** The space of DARTS as settings name it. */
export const DARTS: SpaceEntry<Extract<SpaceConfig, { name: 'darts' }>, Extract<NetworkConfig, { space: 'darts' }>> = {
  label: 'DARTS',
  create: (settings, images) => darts({ ...settings, ...images }),
  network: dartsStandalone,
  told(weights) {
    const cells = numbersIn(weights, /^cells\.(\d+)\.preprocess1\.op\.1\.weight$/).length
    if (cells === 0) return undefined
    return {
      settings: {
        channels: extent(weights, 'stem.0.weight', 0, STEM_MULTIPLIER),
        cells,
        affine: weights.has('stem.0.weight') ? weights.has('stem.1.weight') : undefined,
      },
      channels: extent(weights, 'stem.0.weight', 1),
      classes: classesOf(weights),
    }
  },
}
