/** Stand-alone training as a method: every step takes the same path. */
import { checkPath, operationsOf } from '../spaces/path.js'
import type { Path } from '../spaces/space.js'
import type { MethodContext } from './method.js'
import { OnePathMethod } from './one-path-method.js'

/** Trains one path alone, as ground truth is made. */
export class Standalone extends OnePathMethod {
  readonly name = 'standalone'
  /** For each choice of an operation, probability 1 for the chosen one. */
  readonly pathDistribution: readonly (readonly number[])[]
  readonly subModels: readonly [Path]

  /** Throws a UserError for a path outside the space. */
  constructor(path: Path, context: MethodContext) {
    const { space } = context
    checkPath(space, path)
    super(context, { draw: () => path })
    this.subModels = [path]
    this.pathDistribution = operationsOf(space, path).map((chosen) =>
      space.operations.map((_, operation) => (operation === chosen ? 1 : 0)),
    )
  }
}
