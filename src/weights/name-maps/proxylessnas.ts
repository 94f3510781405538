/**
 * The authors' ProxylessNAS (mit-han-lab/proxylessnas): networks of `ProxylessNASNets`, and the supernet of their
 * search, `SuperProxylessNASNets`. The order of its `candidate_ops` is the order of the operations here. Blocks are
 * numbered through all stages, the fixed block first. A layer that is left out keeps its number.
 */
import { type Block, type BlockTensor, layersOf, PROXYLESSNAS, translateBlocks } from './inverted-residuals.js'
import type { NameMap } from './name-map.js'

const BLOCK =
  /^blocks\.(\d+)\.mobile_inverted_conv\.(?:candidate_ops\.(\d+)\.)?(inverted_bottleneck|depth_conv|point_linear)\.(conv|bn)\.(\w+)$/
const CANDIDATES = '.mobile_inverted_conv.candidate_ops.'
/** Prefixes of the names of tensors outside the blocks. */
const OUTSIDE_BLOCKS: readonly (readonly [theirs: RegExp, ours: string])[] = [
  [/^first_conv\.conv\./, 'conv_stem.'],
  [/^first_conv\.bn\./, 'bn1.'],
  [/^feature_mix_layer\.conv\./, 'conv_head.'],
  [/^feature_mix_layer\.bn\./, 'bn2.'],
  [/^classifier\.linear\./, 'classifier.'],
]

/** timm's names of a block's modules. The fixed block has no expansion, and so a table of its own. */
const MODULES: Readonly<Record<string, string>> = {
  'inverted_bottleneck.conv': 'conv_pw',
  'inverted_bottleneck.bn': 'bn1',
  'depth_conv.conv': 'conv_dw',
  'depth_conv.bn': 'bn2',
  'point_linear.conv': 'conv_pwl',
  'point_linear.bn': 'bn3',
}
const FIXED_MODULES: Readonly<Record<string, string>> = {
  'depth_conv.conv': 'conv_dw',
  'depth_conv.bn': 'bn1',
  'point_linear.conv': 'conv_pw',
  'point_linear.bn': 'bn2',
}

export const PROXYLESS: NameMap = {
  name: 'proxylessnas',
  spaces: [PROXYLESSNAS],
  recognises: (names) => names.some((name) => name.includes('.mobile_inverted_conv.')),
  translate(tensors, space, given) {
    if (![...tensors.keys()].some((name) => name.includes(CANDIDATES))) {
      const place = (blocks: readonly Block[]) => blocks.map(({ key }) => Number(key) - 1)
      return translateBlocks({ read, place }, tensors, space, given)
    }
    const layers = layersOf(space)
    const names = new Map<string, string>()
    for (const name of tensors.keys()) {
      const found = read(name)
      if (typeof found === 'string') names.set(name, found)
      else if (found?.candidate !== undefined) {
        const candidate = space.operations[Number(found.candidate)]
        const layer = layers[Number(found.block) - 1]
        if (layer !== undefined) names.set(name, `${layer.prefix}.${candidate}.${found.name}`)
      }
    }
    return { names, path: given?.path }
  },
  unused: (name) => (/\.AP_path_(alpha|wb)$/.test(name) ? 'architecture parameters' : undefined),
}

function read(name: string): string | (BlockTensor & { readonly candidate?: string }) | undefined {
  const [, block, candidate, module, kind, leaf] = BLOCK.exec(name) ?? []
  if (block === undefined) {
    const [theirs, ours] = OUTSIDE_BLOCKS.find(([pattern]) => pattern.test(name)) ?? []
    return theirs && name.replace(theirs, ours!)
  }
  const modules = block === '0' ? FIXED_MODULES : MODULES
  const ours = modules[`${module}.${kind}`]
  if (ours === undefined) return undefined
  return block === '0' ? `blocks.0.0.${ours}.${leaf}` : { block, candidate, name: `${ours}.${leaf}` }
}
