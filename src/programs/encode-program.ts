/** Programs as the addon receives them; `native/program/program.cc` is the other side. */
import { buffersOf, type Instruction, inputsOf, type Program, parametersOf } from './program.js'

/** Order fixes the op codes that the addon decodes: append only, and keep `native/program/program.h` equal. */
export const OP_CODES = [
  'input',
  'zeros',
  'conv2d',
  'batchNorm',
  'relu',
  'avgPool2d',
  'add',
  'globalAvgPool',
  'linear',
  'relu6',
  'maxPool2d',
  'concat',
  'crop2d',
  'dropout',
  'dropPath',
  'mix',
  'tap',
] as const satisfies readonly Instruction['op'][]

/** Probabilities travel as whole multiples of its inverse. */
const PROBABILITY_UNITS = 2 ** 30

export interface EncodedProgram {
  /**
   * Per instruction: op code; number of inputs, inputs; number of parameters, indices into `names`; number of buffers,
   * indices into `names`; the shape (channels, height, width); number of attributes, attributes. Last: the output's
   * index.
   */
  readonly code: Int32Array
  /** Names of parameters and buffers used by `code`. */
  readonly names: readonly string[]
  readonly idle: readonly string[]
}

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
  for (const instruction of program.instructions) {
    code.push(OP_CODES.indexOf(instruction.op))
    list(inputsOf(instruction))
    list(parametersOf(instruction).map(reference))
    list(buffersOf(instruction).map(reference))
    const { channels, height, width } = instruction.output
    code.push(channels, height, width)
    list(attributesOf(instruction))
  }
  code.push(program.output)
  return { code: Int32Array.from(code), names, idle: program.idle }
}

function attributesOf(instruction: Instruction): readonly number[] {
  switch (instruction.op) {
    case 'conv2d': {
      const { kernel, stride, padding, dilation, groups } = instruction
      return [kernel, stride, padding, dilation, groups]
    }
    case 'avgPool2d':
    case 'maxPool2d':
      return [instruction.kernel, instruction.stride, instruction.padding]
    case 'crop2d':
      return [instruction.top, instruction.left]
    case 'dropout':
    case 'dropPath':
      return [Math.round(instruction.p * PROBABILITY_UNITS)]
    case 'mix':
      return [instruction.firstCoefficient]
    case 'tap':
      return [instruction.slot]
    default:
      return []
  }
}
