/** The settings of each search space. Defaults are the published ones. */
import { z } from 'zod'
import { count, group, positive } from './group.js'

/** Channels of the first stage, C. */
const channels = count.default(16)

/**
 * Whether every place of a cell has candidate weights of its own, or all places of a cell share one copy of each
 * operation's: the two sharing extents that PA&DA compares.
 */
const sharing = z.enum(['perOperation', 'perCell']).default('perOperation')

/**
 * Whether the batch norms that are no candidate's have scales and shifts, as in the supernets of the spaces' authors, which
 * have none in PA&DA's.
 */
const affine = z.boolean().default(false)

const nasbench201 = group({
  name: z.literal('nasbench201'),
  channels,
  /** Cells per stage, N. */
  cellsPerStage: count.default(5),
  sharing,
  /** In stem, residual blocks and head. */
  affine,
})

const nasbench1shot1 = group({
  name: z.literal(['nasbench1shot1-1', 'nasbench1shot1-2', 'nasbench1shot1-3']),
  channels,
  /** Cells in each of the three stacks. */
  cellsPerStage: count.default(3),
  sharing,
})

const darts = group({
  name: z.literal('darts'),
  /** Channels of nodes in the first cells, C. */
  channels,
  /** Cells of the supernet, of which those at one and two thirds are reductions. */
  cells: count.default(8),
  /** In the stem. */
  affine,
})

const proxylessnas = group({
  name: z.literal('proxylessnas'),
  /** Factor on all widths. */
  width: positive.default(1),
  /** Layers in each of the six stages. */
  layers: z.array(count).length(6).default([4, 4, 4, 4, 4, 1]),
})

const nasbenchMacro = group({
  name: z.literal('nasbench-macro'),
  /** Channels of the stem; stages have twice, four and eight times as many. */
  channels: count.default(32),
})

export const space = z.discriminatedUnion('name', [nasbench201, nasbench1shot1, darts, proxylessnas, nasbenchMacro])

/** Names of the search spaces. */
export const SPACES = space.options.flatMap(({ shape }) => [...shape.name.values])

/** Names of the settings of a space beside its name. */
export function spaceSettingNames(name: SpaceConfig['name']): string[] {
  const { shape } = space.options.find((option) => option.shape.name.values.has(name as never))!
  return Object.keys(shape).filter((key) => key !== 'name')
}

/** A search space and its settings. */
export type SpaceConfig = z.output<typeof space>
