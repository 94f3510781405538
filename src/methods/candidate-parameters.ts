/** Which of a space's parameters belong to candidate operations, and to whose. */
import { UserError } from '../base/errors.js'
import { parametersOf } from '../programs/program.js'
import { optionsOf } from '../spaces/path.js'
import type { ParameterSpec, Path, SearchSpace } from '../spaces/space.js'

/** The operation of every parameter of a candidate operation; those of stem, residual blocks and head are absent. */
export function operationByParameter(specs: readonly ParameterSpec[]): Map<string, number> {
  const operations = new Map<string, number>()
  for (const { name, operation } of specs) if (operation !== undefined) operations.set(name, operation)
  return operations
}

/** Their indices in the order of the specs. */
export function candidateIndices(specs: readonly ParameterSpec[]): Int32Array {
  return Int32Array.from(specs.flatMap(({ operation }, i) => (operation === undefined ? [] : [i])))
}

/**
 * Per parameter of a candidate operation the choices that use it, by position among the choices of operations. They are
 * found by what changes: a path in which only one choice takes operation k names its weights.
 *
 * @throws UserError where what is connected decides on whose the weights are, as in DARTS; `setting` is what needs it.
 */
export function choicesByParameter(space: SearchSpace, setting: string): Map<string, readonly number[]> {
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
      for (const name of parametersOfProgram(space, path)) {
        if (operationOf.get(name) === operation) found.get(name)!.push(row)
      }
    }
  }
  for (const [name, rows] of found) {
    if (rows.length > 0) continue
    const wanted = 'a space whose edges have weights of their own, whatever is connected,'
    throw new UserError(`Expected ${wanted} for ${setting} but received ${space.name} with ${name}`, 2)
  }
  return found
}

function parametersOfProgram(space: SearchSpace, path: Path): Set<string> {
  const program = space.program(path)
  return new Set([...program.instructions.flatMap(parametersOf), ...program.idle])
}
