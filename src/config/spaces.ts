/** The settings of each search space. Defaults are the published ones. */
import { z } from 'zod'
import { count, group } from './group.js'

/** Channels of the first stage, C. */
const channels = count.default(16)

const nasbench201 = group({
  name: z.literal('nasbench201'),
  channels,
  /** Cells per stage, N. */
  cellsPerStage: count.default(5),
})

const nasbench1shot1 = group({
  name: z.literal(['nasbench1shot1-1', 'nasbench1shot1-2', 'nasbench1shot1-3']),
  channels,
  /** Cells in each of the three stacks. */
  cellsPerStage: count.default(3),
})

const darts = group({
  name: z.literal('darts'),
  /** Channels of nodes in the first cells, C. */
  channels,
  /** Cells of the supernet, of which those at one and two thirds are reductions. */
  cells: count.default(8),
})

export const space = z.discriminatedUnion('name', [nasbench201, nasbench1shot1, darts])

/** Names of the search spaces. */
export const SPACES = space.options.flatMap(({ shape }) => [...shape.name.values])

export type SpaceConfig = z.output<typeof space>
