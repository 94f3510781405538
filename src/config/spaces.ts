/** The settings of each search space. Defaults are the published ones. */
import { z } from 'zod'
import { channelCount, depth, group, type Immutable, positive } from './group.js'

const channels = channelCount.default(16).describe('Channels C of the stem and of the first stage.')

const extent = z.enum(['perOperation', 'perCell'])
const sharing = extent
  .default('perOperation')
  .describe(
    'Which edges of a cell share weights; in NAS-Bench-1Shot1, which nodes. `perOperation`: each has its own weights for each operation. `perCell`: all share one copy of each operation.',
  )

const affine = z.boolean().default(false)

const nasbench201 = group({
  name: z.literal('nasbench201'),
  channels,
  cellsPerStage: depth.default(5).describe('Cells N in each of the three stages.'),
  sharing,
  affine: affine.describe(
    "Give the batch norms of stem, residual blocks and head scales and shifts, as in the code of the space's authors. PA&DA's supernet has none.",
  ),
}).describe('NAS-Bench-201 (Dong and Yang, ICLR 2020): 15,625 cells of six edges.')

const nasbench1shot1 = group({
  name: z.literal(['nasbench1shot1-1', 'nasbench1shot1-2', 'nasbench1shot1-3']),
  channels: channels.describe('Channels C of the stem and of intermediate nodes in the first stack.'),
  cellsPerStage: depth.default(3).describe('Cells in each of the three stacks.'),
  sharing: sharing.describe(`${sharing.description} Projections of a cell's input are never shared.`),
}).describe('NAS-Bench-1Shot1 (Zela, Siems and Hutter, ICLR 2020): three parts of NAS-Bench-101.')

const darts = group({
  name: z.literal('darts'),
  channels: channels.describe('Channels C of nodes in the first cells.'),
  cells: depth
    .default(8)
    .describe('Cells of the supernet. The cells at one third and two thirds of the depth are reduction cells.'),
  affine: affine.describe(
    "Give the batch norm of the stem a scale and a shift, as in the code of the space's authors.",
  ),
}).describe('DARTS (Liu, Simonyan and Yang, ICLR 2019): a normal and a reduction cell.')

const proxylessnas = group({
  name: z.literal('proxylessnas'),
  width: positive
    .max(100)
    .default(1)
    .describe(
      'Factor on the channels of all layers, which are rounded as in MobileNets. Below 1 the last convolution keeps its 1,280 channels.',
    ),
  layers: z.array(depth).length(6).default([4, 4, 4, 4, 4, 1]).describe('Layers in each of the six stages.'),
}).describe('ProxylessNAS (Cai, Zhu and Han, ICLR 2019): layers of inverted residual blocks, for larger images.')

const nasbenchMacro = group({
  name: z.literal('nasbench-macro'),
  channels: channelCount
    .default(32)
    .describe('Channels of the stem; the three stages have twice, four times and eight times as many.'),
}).describe('NAS-Bench-Macro (Su et al., CVPR 2021): 6,561 networks of eight layers.')

export const space = z
  .discriminatedUnion('name', [nasbench201, nasbench1shot1, darts, proxylessnas, nasbenchMacro])
  .describe('The search space, and the size of its supernet.')

/** The values of `space.sharing`. */
export const EXTENTS = extent.options
/** Names of the search spaces. */
export const SPACES = space.options.flatMap(({ shape }) => [...shape.name.values])

/** Names of the settings of a space, without `name`. */
export function spaceSettingNames(name: SpaceConfig['name']): string[] {
  const { shape } = space.options.find((option) => option.shape.name.values.has(name as never))!
  return Object.keys(shape).filter((key) => key !== 'name')
}

/** A search space and its settings. */
export type SpaceConfig = z.output<typeof space>
/** Which edges or nodes of a cell share weights: the setting `space.sharing`. */
export type Sharing = z.output<typeof extent>
/** Settings of {@link nasBench201}. */
export type NasBench201Config = z.output<typeof nasbench201>
/** Settings of {@link nasBench1Shot1}. */
export type NasBench1Shot1Config = z.output<typeof nasbench1shot1>
/** Settings of {@link darts}. */
export type DartsConfig = z.output<typeof darts>
/** Settings of {@link proxylessNas}. */
export type ProxylessNasConfig = Immutable<z.output<typeof proxylessnas>>
/** Settings of {@link nasBenchMacro}. */
export type NasBenchMacroConfig = z.output<typeof nasbenchMacro>
