/**
 * timm's networks of inverted residual blocks: `MobileNetV2`, `MnasNet`, and other networks that its builder of
 * EfficientNets makes of `ds` and `ir` blocks without squeeze-and-excitation. Their names are the supernet's without
 * the candidates. Blocks are numbered by stage and position. If a stage has fewer blocks than layers, the last layers
 * have none.
 */
import { PROXYLESSNAS, translateBlocks } from './inverted-residuals.js'
import type { NameMap } from './name-map.js'

const BLOCK = /^blocks\.(\d+\.\d+)\.((?:conv_(?:pw|dw|pwl)|bn[123])\.\w+)$/
/** Prefix of the only block without a choice. */
const FIXED = 'blocks.0.0.'

export const TIMM: NameMap = {
  name: 'timm',
  spaces: [PROXYLESSNAS],
  recognises: (names) =>
    names.some((name) => name.startsWith('conv_stem.')) &&
    names.some((name) => BLOCK.test(name) && !name.startsWith(FIXED)),
  translate: (tensors, space, given) =>
    translateBlocks(
      {
        read(name) {
          const [, block, part] = BLOCK.exec(name) ?? []
          return part === undefined || name.startsWith(FIXED) ? name : { block, name: part }
        },
        place: (blocks, layers) =>
          blocks.map(({ key }) => layers.findIndex(({ prefix }) => prefix === `blocks.${key}`)),
      },
      tensors,
      space,
      given,
    ),
}
