import { expect, it } from 'vitest'
import { choicesOfParameters } from '../../../src/methods/candidate-parameters.js'
import { operationsOf, type Path, type SearchSpace } from '../../../src/spaces/index.js'

/** A space whose choices offer these operations. `weightOf` names the weight of an operation in a choice, if it has one. */
function spaceOf(
  choices: readonly (readonly number[])[],
  weightOf: (choice: number, operation: number) => string | undefined,
): SearchSpace {
  const space = {
    operations: ['a', 'b', 'c'],
    choices: choices.map((operations, c) => ({ name: `${c}`, operations })),
  }
  const marks = new Map<string, number>()
  for (const [c, operations] of choices.entries()) {
    for (const operation of operations) {
      const name = weightOf(c, operation)
      if (name !== undefined) marks.set(name, operation)
    }
  }
  const program = (path: Path) => ({
    instructions: [],
    idle: operationsOf(space as never, path).flatMap((operation, c) => weightOf(c, operation) ?? []),
    outputs: [],
  })
  const parameters = () =>
    [...marks].map(([name, operation]) => ({ name, operation, shape: [1], init: { kind: 'zeros' } }))
  return { ...space, parameters, program } as unknown as SearchSpace
}

it('a choice of one operation has its weights for itself', () => {
  const own = spaceOf([[1], [0, 1, 2]], (choice, operation) => `${choice}.${operation}`)
  expect(choicesOfParameters(own)).toEqual(
    new Map([
      ['0.1', [0]],
      ['1.0', [1]],
      ['1.1', [1]],
      ['1.2', [1]],
    ]),
  )
  // Operation 0 of the second choice has no weights.
  const bare = spaceOf([[0], [0, 1]], (choice, operation) =>
    choice === 1 && operation === 0 ? undefined : `${choice}`,
  )
  expect(choicesOfParameters(bare).get('0')).toEqual([0])
})

it('weights that all choices share belong to all', () => {
  const shared = spaceOf([[1], [0, 1], [1, 2]], (_, operation) => `${operation}`)
  expect(choicesOfParameters(shared)).toEqual(
    new Map([
      ['1', [0, 1, 2]],
      ['0', [1]],
      ['2', [2]],
    ]),
  )
})
