/** Parameters of candidate operations, and the choices that use them. */
import { expected } from '../base/errors.js'
import { parametersOf } from '../programs/program.js'
import { optionsOf } from '../spaces/path.js'
import type { ParameterSpec, Path, SearchSpace } from '../spaces/space.js'

/** Operation of each candidate parameter. Parameters of stem, residual blocks and head are absent. */
export function operationByParameter(specs: readonly ParameterSpec[]): Map<string, number> {
  const operations = new Map<string, number>()
  for (const { name, operation } of specs) if (operation !== undefined) operations.set(name, operation)
  return operations
}

/** Indices of the candidate operations' parameters, in the order of the specs. */
export function candidateIndices(specs: readonly ParameterSpec[]): Int32Array {
  return Int32Array.from(specs.flatMap(({ operation }, i) => (operation === undefined ? [] : [i])))
}

/**
 * The choices of {@link choicesOfParameters}.
 *
 * @param setting Setting that needs the choices, for the error.
 * @throws UserError if connections decide which choice uses a parameter, as in DARTS.
 */
export function choicesByParameter(space: SearchSpace, setting: string): Map<string, readonly number[]> {
  const found = choicesOfParameters(space)
  for (const [name, rows] of found) {
    if (rows.length > 0) continue
    const wanted = 'a space whose edges have weights of their own, whatever is connected,'
    throw expected(wanted, setting, `${space.name} with ${name}`, 2)
  }
  return found
}

/**
 * Choices that use each parameter of a candidate operation, by position among the choices of operations; none for a
 * parameter if connections decide. They are found by paths in which only one choice takes operation k, and those that
 * have no other: the program of such a path uses the weights of that choice once more than if it takes another.
 */
export function choicesOfParameters(space: SearchSpace): Map<string, readonly number[]> {
  const operationOf = operationByParameter(space.parameters())
  const found = new Map<string, number[]>([...operationOf.keys()].map((name) => [name, []]))
  for (const operation of new Set(operationOf.values())) {
    const elsewhere = space.choices.map((choice) =>
      'operations' in choice && choice.operations[0] === operation ? 1 : 0,
    )
    let row = -1
    for (const [c, choice] of space.choices.entries()) {
      if (!('operations' in choice)) continue
      row++
      const option = choice.operations.indexOf(operation)
      if (option < 0) continue
      const path = elsewhere.map((other, i) => (i === c ? option : Math.min(other, optionsOf(space.choices[i]) - 1)))
      const uses = usesOf(space, path)
      const otherwise = optionsOf(choice) > 1 ? usesOf(space, path.with(c, option === 0 ? 1 : 0)) : new Map()
      for (const [name, count] of uses) {
        if (operationOf.get(name) === operation && count > (otherwise.get(name) ?? 0)) found.get(name)!.push(row)
      }
    }
  }
  return found
}

/** How often a path's program uses each parameter. */
function usesOf(space: SearchSpace, path: Path): Map<string, number> {
  const { instructions, idle } = space.program(path)
  const uses = new Map<string, number>()
  for (const name of [...instructions.flatMap(parametersOf), ...idle]) uses.set(name, (uses.get(name) ?? 0) + 1)
  return uses
}
