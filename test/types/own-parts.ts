/** Spaces, methods and searches that users write themselves. Compiled by `npm run typecheck`, never run. */
import * as pada from 'pada-native'
import { expectTypeOf } from 'vitest'

const builder = new pada.ProgramBuilder()
const image = { channels: 1, height: 4, width: 4 }

/** The least that a search space is. */
const space: pada.SearchSpace = {
  name: 'own',
  operations: ['a', 'b'],
  choices: [{ name: 'layer', operations: [0, 1] }],
  input: image,
  classes: 2,
  parameters: () => [{ name: 'w', shape: [2, 1], init: { kind: 'uniform', bound: 1 }, operation: 0 }],
  program: () => builder.finish(builder.globalAvgPool(builder.input(image))),
  encode: (path) => path.join(),
  decode: (text) => text.split(',').map(Number),
}

// @ts-expect-error: a uniform start needs a bound
export const unbounded: pada.ParameterSpec = { name: 'w', shape: [1], init: { kind: 'uniform' } }
// @ts-expect-error: a space without programs computes nothing
export const idle: pada.SearchSpace = { ...space, program: undefined }
// @ts-expect-error: convolutions read values, not their indices
builder.conv2d(0, { weight: 'w', channels: 2, kernel: 3 })
const [path] = pada.enumeratePaths(space)
// @ts-expect-error: a path cannot be changed
path[0] = 1

/** The least that a method is. */
class Own implements pada.Method {
  readonly name = 'own'
  readonly pathDistribution = [0.5, 0.5]
  epochIndices = () => new Int32Array(1)
  step = ({ supernet, plan }: pada.Engine, batch: pada.Batch, options: pada.StepOptions) =>
    supernet.trainStep(plan([0]), batch, options)
  endEpoch() {}
  state = () => ({})
  restore() {}
}
pada.search(pada.parseConfig({}), { space, method: () => new Own() })
// @ts-expect-error: a method is made for a space, so it is made by the search
pada.search(pada.parseConfig({}), { method: new Own() })
// @ts-expect-error: what it trains is missing
export class Lazy implements pada.Method {
  readonly name = 'lazy'
}

/** A search algorithm is a generator of candidates. */
async function* first({ space, evaluate }: pada.Problem): pada.Finder {
  const [only] = pada.enumeratePaths(space)
  const accuracy = await evaluate(only)
  const candidate: pada.Candidate = { path: only, accuracy, costs: {}, goals: [accuracy], origin: 'random' }
  yield candidate
  return [candidate]
}
expectTypeOf(first).returns.toEqualTypeOf<pada.Finder>()
expectTypeOf(pada.evolve).returns.toEqualTypeOf<pada.Finder>()
expectTypeOf(pada.evolve({ space, evaluate: () => 1, population: 5 })).toEqualTypeOf<
  AsyncGenerator<pada.Candidate, pada.Candidate[]>
>()
// @ts-expect-error: nothing judges the paths
pada.evolve({ space })
// @ts-expect-error: evaluations are numbers
pada.randomSearch({ space, evaluate: () => 'good' })
