/** The search spaces that settings can name, one entry each. */

import { expected } from '../base/errors.js'
import type { NetworkConfig } from '../config/network.js'
import { type Sharing, SPACES, type SpaceConfig } from '../config/spaces.js'
import type { Shape } from '../programs/program.js'
import { DARTS } from './darts/entry.js'
import type { SpaceEntry, ToldByWeights, WeightShapes } from './entry.js'
import { NASBENCH_MACRO } from './layered/nasbench-macro-entry.js'
import { PROXYLESSNAS } from './layered/proxylessnas-entry.js'
import { nasBench1Shot1Entry } from './nasbench1shot1/entry.js'
import { NASBENCH201 } from './nasbench201/entry.js'
import type { SearchSpace } from './space.js'
import type { StandaloneNetwork } from './standalone.js'

export { type DartsOptions, darts } from './darts/darts.js'
export {
  DARTS_V1,
  DARTS_V2,
  type DartsOperation,
  decodeGenotype,
  encodeGenotype,
  type Genotype,
  type GenotypeCell,
  type GenotypeEdge,
} from './darts/genotype.js'
export { type DartsNetworkOptions, dartsNetwork } from './darts/genotype-network.js'
export type { ToldByWeights, WeightShapes } from './entry.js'
export { type NasBenchMacro, type NasBenchMacroOptions, nasBenchMacro } from './layered/nasbench-macro.js'
export { type ProxylessNas, type ProxylessNasOptions, proxylessNas } from './layered/proxylessnas.js'
export { type NasBench1Shot1, nasBench1Shot1 } from './nasbench1shot1/nasbench1shot1.js'
export type { NasBench1Shot1Options } from './nasbench1shot1/network.js'
export { type NasBench201, type NasBench201Options, nasBench201 } from './nasbench201/nasbench201.js'
export type {
  CellOutline,
  CellsOutline,
  EdgeOutline,
  LayerOutline,
  LayersOutline,
  NodeOutline,
  Outline,
} from './outline.js'
export { checkPath, enumeratePaths, operationChoices, operationsOf, optionsOf, parsePath, spaceSize } from './path.js'
export type {
  BlockedSpace,
  BufferSpec,
  CellGraph,
  Choice,
  ConnectionChoice,
  Initializer,
  OperationChoice,
  ParameterSpec,
  Path,
  PublishedNetwork,
  SearchSpace,
} from './space.js'
export type { StandaloneNetwork } from './standalone.js'
export { type Sharing, SPACES, type SpaceConfig }

/** The name of a search space in settings. */
export type SpaceName = SpaceConfig['name']

/** Settings of one space. Spaces with the same settings share a group, whose names are a union. */
type ConfigOf<Name, Config = SpaceConfig> = Config extends { readonly name: infer Names }
  ? Name extends Names
    ? Config
    : never
  : never

/** Settings of the networks of one space. */
type NetworkOf<Name, Config = NetworkConfig> = Config extends { readonly space: infer Names }
  ? Name extends Names
    ? Config
    : never
  : never

const ENTRIES: { readonly [Name in SpaceName]: SpaceEntry<ConfigOf<Name>, NetworkOf<Name>> } = {
  nasbench201: NASBENCH201,
  'nasbench1shot1-1': nasBench1Shot1Entry(1),
  'nasbench1shot1-2': nasBench1Shot1Entry(2),
  'nasbench1shot1-3': nasBench1Shot1Entry(3),
  darts: DARTS,
  proxylessnas: PROXYLESSNAS,
  'nasbench-macro': NASBENCH_MACRO,
}

/** Names of the spaces in the literature. */
export const SPACE_LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, { label }]) => [name, label]),
)

/**
 * The configured space for images of shape `input` in `classes` classes, by default the published ones. Throws a
 * UserError if they do not fit.
 */
export function createSpace(config: SpaceConfig, input?: Shape, classes?: number): SearchSpace {
  return entryOf(config.name).create(config as never, { input, classes })
}

/**
 * The configured network for images of shape `input` in `classes` classes, by default the published ones. Throws a
 * UserError if they do not fit, and for a path outside the space.
 */
export function createNetwork(config: NetworkConfig, input?: Shape, classes?: number): StandaloneNetwork {
  return entryOf(config.space).network(config as never, { input, classes })
}

/** Facts that weights tell of a supernet of the space `name`; undefined if the weights have other names. */
export function toldByWeights(name: SpaceName, weights: WeightShapes): ToldByWeights | undefined {
  return entryOf(name).told(weights)
}

/** Entry of a space; throws a UserError for an unknown name, because JavaScript may pass any. */
function entryOf(name: SpaceName): SpaceEntry<never, never> {
  if (Object.hasOwn(ENTRIES, name)) return ENTRIES[name]
  throw expected(SPACES.join(', '), 'space.name', `"${name}"`, 2)
}
