/** The search spaces that a configuration can name: one line each. */

import { UserError } from '../base/errors.js'
import { type Sharing, SPACES, type SpaceConfig } from '../config/spaces.js'
import type { Shape } from '../programs/program.js'
import { darts } from './darts/darts.js'
import { nasBenchMacro } from './layered/nasbench-macro.js'
import { proxylessNas } from './layered/proxylessnas.js'
import { nasBench1Shot1 } from './nasbench1shot1/nasbench1shot1.js'
import { nasBench201 } from './nasbench201/nasbench201.js'
import type { SearchSpace } from './space.js'

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
export { type DartsNetwork, type DartsNetworkOptions, dartsNetwork } from './darts/network.js'
export { type NasBenchMacro, type NasBenchMacroOptions, nasBenchMacro } from './layered/nasbench-macro.js'
export { type ProxylessNas, type ProxylessNasOptions, proxylessNas } from './layered/proxylessnas.js'
export { type NasBench1Shot1, nasBench1Shot1 } from './nasbench1shot1/nasbench1shot1.js'
export type { NasBench1Shot1Options } from './nasbench1shot1/network.js'
export { type NasBench201, type NasBench201Options, nasBench201 } from './nasbench201/nasbench201.js'
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
  SearchSpace,
} from './space.js'
export { type Sharing, SPACES, type SpaceConfig }

/** The name of a search space in settings. */
export type SpaceName = SpaceConfig['name']

/**
 * The configured space for images of shape `input` in `classes` classes, by default the published ones; throws a UserError
 * where they do not fit.
 */
export function createSpace(config: SpaceConfig, input?: Shape, classes?: number): SearchSpace {
  switch (config.name) {
    case 'nasbench201':
      return nasBench201({ ...config, input, classes })
    case 'nasbench1shot1-1':
    case 'nasbench1shot1-2':
    case 'nasbench1shot1-3':
      return nasBench1Shot1(config.name, { ...config, input, classes })
    case 'darts':
      return darts({ ...config, input, classes })
    case 'proxylessnas':
      return proxylessNas({ ...config, input, classes })
    case 'nasbench-macro':
      return nasBenchMacro({ ...config, input, classes })
    default:
      throw unknown(config)
  }
}

/** Makes the compiler ask for a case of every name; JavaScript may still pass others. */
function unknown(config: never): UserError {
  const { name } = config as { name: unknown }
  return new UserError(`Expected ${SPACES.join(', ')} for space.name but received "${name}"`, 2)
}
