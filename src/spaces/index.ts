/** The search spaces that a configuration can name: one line each. */
import { UserError } from '../errors.js'
import type { Shape } from '../program.js'
import { nasBench201 } from './nasbench201.js'
import type { SearchSpace } from './space.js'

export { type NasBench201, type NasBench201Options, nasBench201 } from './nasbench201.js'
export { checkPath, enumeratePaths, parsePath } from './path.js'
export type { BufferSpec, Initializer, ParameterSpec, Path, SearchSpace } from './space.js'

export interface SpaceConfig {
  readonly name: SpaceName
  readonly channels: number
  readonly cellsPerStage: number
}

const FACTORIES = {
  nasbench201: ({ channels, cellsPerStage }: SpaceConfig, input: Shape, classes: number): SearchSpace =>
    nasBench201({ channels, cellsPerStage, input, classes }),
}

export type SpaceName = keyof typeof FACTORIES

/** Names of the spaces that {@link createSpace} knows. */
export const SPACES = Object.keys(FACTORIES) as SpaceName[]

/** The configured space for images of shape `input` in `classes` classes; throws a UserError for an unknown name. */
export function createSpace(config: SpaceConfig, input: Shape, classes: number): SearchSpace {
  if (!Object.hasOwn(FACTORIES, config.name)) {
    throw new UserError(`Expected ${SPACES.join(', ')} for space.name but received "${config.name}"`, 2)
  }
  return FACTORIES[config.name](config, input, classes)
}
