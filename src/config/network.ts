/** The settings of a network that is trained alone, by search space. Default sizes are the published ones. */
import { z } from 'zod'
import { channelCount, depth, group, type Immutable, positive } from './group.js'
import { path as anyPath, PATH_NOTATION } from './path.js'

const path = anyPath.describe(
  `The architecture to train, which \`--path\` and \`--from\` can name too: ${PATH_NOTATION}`,
)
const channels = channelCount.describe('Channels C of the stem and of the first stage.')
const probability = z.number().min(0).lt(1).default(0)

const nasbench201 = group({
  space: z.literal('nasbench201'),
  path,
  channels: channels.default(16),
  cellsPerStage: depth.default(5).describe('Cells N in each of the three stages.'),
}).describe('A network of NAS-Bench-201, as the benchmark trains it: every batch norm has parameters.')

const nasbench1shot1 = group({
  space: z.literal(['nasbench1shot1-1', 'nasbench1shot1-2', 'nasbench1shot1-3']),
  path,
  channels: channels.default(128),
  cellsPerStage: depth.default(3).describe('Cells in each of the three stacks.'),
}).describe("The network of a cell of NAS-Bench-1Shot1 in NAS-Bench-101, whose widths differ from the supernet's.")

const darts = group({
  space: z.literal('darts'),
  path,
  channels: channelCount.default(36).describe('Channels C of nodes in the first cells.'),
  cells: depth.default(20).describe('Cells. Those at one third and two thirds of the depth are reduction cells.'),
  dropPath: probability.describe(
    'Probability with which a step drops the output of an operation for an image. Identities are never dropped. `training.dropPathSchedule` changes it from epoch to epoch.',
  ),
  auxiliary: z
    .boolean()
    .default(false)
    .describe(
      'Train with the auxiliary head of the authors, which reads the second reduction cell. It needs images of 32 to 40 pixels.',
    ),
  auxiliaryWeight: z.number().min(0).default(0.4).describe("Factor of the auxiliary head's loss."),
}).describe('The network of a genotype of DARTS.')

const proxylessnas = group({
  space: z.literal('proxylessnas'),
  path,
  width: positive
    .max(100)
    .default(1)
    .describe('Factor on the channels of all layers, as in `space.width` of a search.'),
  layers: z
    .array(depth)
    .length(6)
    .default([4, 4, 4, 4, 4, 1])
    .describe('Layers of the path in each of the six stages.'),
  dropPath: probability.describe(
    'Probability with which a step drops the residual of a block for an image. It rises linearly from 0 in the first block to this value behind the last block.',
  ),
  dropout: probability.describe('Probability, in training, of dropping a feature before the classifier.'),
}).describe('A network of ProxylessNAS. Layers that a path leaves out do not exist.')

const nasbenchMacro = group({
  space: z.literal('nasbench-macro'),
  path,
  channels: channelCount.default(32).describe('Channels of the stem; the three stages have 2, 4 and 8 times as many.'),
}).describe('A network of NAS-Bench-Macro.')

export const network = z
  .discriminatedUnion('space', [nasbench201, nasbench1shot1, darts, proxylessnas, nasbenchMacro])
  .describe('The architecture to train, the search space that it is of, and the size of its network.')

/** A network and its settings: the group `network` of a retraining. */
export type NetworkConfig = Immutable<z.output<typeof network>>

/** Names of the settings of a space's network, without `space` and `path`. */
export function networkSettingNames(space: NetworkConfig['space']): string[] {
  const { shape } = network.options.find((option) => option.shape.space.values.has(space as never))!
  return Object.keys(shape).filter((key) => key !== 'space' && key !== 'path')
}
