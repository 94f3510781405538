/**
 * timm's networks of inverted residual blocks (`MobileNetV2`, `MnasNet` and whatever its builder of EfficientNets makes of
 * `ds` and `ir` blocks without squeeze-and-excitation): the names of the supernet without those of the candidates. Blocks
 * are counted by stage and position, so that each has its layer; layers that a stage is short of are its last.
 */
import { PROXYLESSNAS, translateBlocks } from './inverted-residuals.js'
import type { NameMap } from './name-map.js'

const BLOCK = /^blocks\.(\d+\.\d+)\.((?:conv_(?:pw|dw|pwl)|bn[123])\.\w+)$/
/** The one block that has no choice. */
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
