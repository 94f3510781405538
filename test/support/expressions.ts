import { logitsOf } from '../../src/programs/outputs.js'
import { inputsOf, type Program, parametersOf } from '../../src/programs/program.js'

/** Numbers expressions: equal expressions get the same number. */
export class Expressions {
  readonly #known = new Map<string, number>()

  of(op: string, ...operands: (number | string)[]): number {
    const text = `${op}(${operands})`
    const id = this.#known.get(text) ?? this.#known.size
    this.#known.set(text, id)
    return id
  }
}

/** The number of the expression that a program computes for `value`, by default for its logits. */
export function interpret(program: Program, e: Expressions, value = logitsOf(program)): number {
  const values: number[] = []
  for (const instruction of program.instructions) {
    const inputs = inputsOf(instruction).map((id) => values[id])
    if (instruction.op === 'tap') {
      values.push(inputs[0])
      continue
    }
    const window = 'kernel' in instruction ? [instruction.kernel, instruction.stride, instruction.padding] : []
    const { channels, height, width } = instruction.output
    const extent = instruction.op === 'zeros' ? [channels, height, width] : []
    values.push(e.of(instruction.op, ...inputs, ...parametersOf(instruction), ...window, ...extent))
  }
  return values[value]
}
