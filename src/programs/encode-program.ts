/** Encodes programs for the addon; `native/program/program.cc` decodes them. */
import { attributesOf, opCode } from './instructions.js'
import { outputsByRole } from './outputs.js'
import { buffersOf, inputsOf, type Program, parametersOf } from './program.js'

export interface EncodedProgram {
  /**
   * Number of outputs. Per output, the logits first: its index; its weight, a float64 in two words. Then, per
   * instruction: op code; number of inputs, inputs; number of parameters, indices into `names`; number of buffers,
   * indices into `names`; the shape (channels, height, width); number of attributes, attributes.
   */
  readonly code: Int32Array
  /** Names of parameters and buffers used by `code`. */
  readonly names: readonly string[]
  readonly idle: readonly string[]
}

/** Throws a RangeError for a fraction that is no probability, and unless one output has the role `logits`. */
export function encodeProgram(program: Program): EncodedProgram {
  const code: number[] = []
  const names: string[] = []
  const index = new Map<string, number>()
  const reference = (name: string) => {
    let known = index.get(name)
    if (known === undefined) {
      known = names.push(name) - 1
      index.set(name, known)
    }
    return known
  }
  const list = (values: readonly number[]) => code.push(values.length, ...values)
  const { logits, auxiliary } = outputsByRole(program.outputs)
  code.push(1 + auxiliary.length)
  for (const { value, weight } of [logits, ...auxiliary]) {
    code.push(value, ...new Int32Array(Float64Array.of(weight).buffer))
  }
  for (const instruction of program.instructions) {
    code.push(opCode(instruction))
    list(inputsOf(instruction))
    list(parametersOf(instruction).map(reference))
    list(buffersOf(instruction).map(reference))
    const { channels, height, width } = instruction.output
    code.push(channels, height, width)
    list(attributesOf(instruction))
  }
  return { code: Int32Array.from(code), names, idle: program.idle }
}
