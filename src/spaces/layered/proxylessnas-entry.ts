import type { NetworkConfig } from '../../config/network.js'
import type { SpaceConfig } from '../../config/spaces.js'
import { anyName, classesOf, extent, numbersIn, type SpaceEntry, type WeightShapes } from '../entry.js'
import { FIRST, MB_CONVS, proxylessNas, STAGES, STEM, scaleHead, scaleWidth } from './proxylessnas.js'
import { proxylessNasStandalone } from './standalone.js'

/** The search space of ProxylessNAS as settings name it. */
export const PROXYLESSNAS: SpaceEntry<
  Extract<SpaceConfig, { name: 'proxylessnas' }>,
  Extract<NetworkConfig, { space: 'proxylessnas' }>
> = {
  label: 'ProxylessNAS',
  create: (settings, images) => proxylessNas({ ...settings, ...images }),
  network: proxylessNasStandalone,
  told(weights) {
    if (!anyName(weights, /^blocks\.\d+\.\d+\.k\de\d\./)) return undefined
    return {
      settings: { width: width(weights), layers: layers(weights) },
      channels: extent(weights, 'conv_stem.weight', 1),
      classes: classesOf(weights),
    }
  },
}

/** Denominators of the width factors that are tried, the usual ones first. */
const DENOMINATORS = [1, 2, 4, 10, 20, 100, 1000, 10_000]

/**
 * The width factor that gives the widths of the weights. Several factors give the same network; the one with the first
 * of the denominators is taken.
 */
function width(weights: WeightShapes): number | undefined {
  const last = extent(weights, 'conv_head.weight', 1)
  if (last === undefined) return undefined
  const fits = (factor: number) =>
    extent(weights, 'conv_stem.weight', 0) === scaleWidth(STEM, factor) &&
    extent(weights, 'blocks.0.0.conv_pw.weight', 0) === scaleWidth(FIRST, factor) &&
    STAGES.every(({ channels }, stage) => stageWidth(weights, stage) === scaleWidth(channels, factor)) &&
    extent(weights, 'conv_head.weight', 0) === scaleHead(factor)
  const { channels } = STAGES[STAGES.length - 1]
  for (const unit of DENOMINATORS) {
    // Rounding changes the number of channels by less than 8.
    for (let n = Math.max(1, Math.ceil(((last - 8) / channels) * unit)); n <= ((last + 8) / channels) * unit; n++) {
      if (fits(n / unit)) return n / unit
    }
  }
  return undefined
}

/** Channels of a stage, from its first layer, which every path has. */
function stageWidth(weights: WeightShapes, stage: number): number | undefined {
  const candidate = candidateNames(stage, 0).find((name) => weights.has(name))
  return candidate === undefined ? undefined : extent(weights, candidate, 0)
}

/**
 * Layers of each stage of a supernet, whose layers have all candidates. Undefined for one path, which may leave layers
 * out.
 */
function layers(weights: WeightShapes): number[] | undefined {
  const counts = STAGES.map((_, stage) => numbersIn(weights, new RegExp(`^blocks\\.${stage + 1}\\.(\\d+)\\.`)).length)
  const complete = counts.every(
    (count, stage) =>
      count > 0 &&
      [...Array(count).keys()].every((layer) => candidateNames(stage, layer).every((name) => weights.has(name))),
  )
  return complete ? counts : undefined
}

/** Names of the last convolution of every candidate of a layer. */
function candidateNames(stage: number, layer: number): string[] {
  return MB_CONVS.map(({ kernel, expansion }) => `blocks.${stage + 1}.${layer}.k${kernel}e${expansion}.conv_pwl.weight`)
}
