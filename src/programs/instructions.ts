/**
 * The instructions that programs are made of, as the addon receives them: op codes and attributes.
 * `native/program/instructions.h` has the same table; a test compares them.
 */
import type { Instruction } from './program.js'

/**
 * Attributes of each instruction, in the order in which they are sent. The index of an instruction is its op code:
 * append only.
 */
export const INSTRUCTIONS: Readonly<Record<Instruction['op'], readonly string[]>> = {
  input: [],
  zeros: [],
  conv2d: ['kernel', 'stride', 'padding', 'dilation', 'groups'],
  batchNorm: [],
  relu: [],
  avgPool2d: ['kernel', 'stride', 'padding'],
  add: [],
  globalAvgPool: [],
  linear: [],
  relu6: [],
  maxPool2d: ['kernel', 'stride', 'padding'],
  concat: [],
  crop2d: ['top', 'left'],
  dropout: ['p'],
  dropPath: ['p'],
  mix: ['firstCoefficient'],
  tap: ['slot'],
}

/** A probability p is sent as p · PROBABILITY_UNITS, rounded to a whole number. */
const PROBABILITY_UNITS = 2 ** 30

const CODES: ReadonlyMap<string, number> = new Map(Object.keys(INSTRUCTIONS).map((op, code) => [op, code]))

/** Op code of an instruction. */
export function opCode({ op }: Instruction): number {
  return CODES.get(op)!
}

/** Attributes of an instruction as whole numbers. Throws a RangeError for a fraction that is no probability. */
export function attributesOf(instruction: Instruction): number[] {
  const values = instruction as unknown as Readonly<Record<string, number>>
  return INSTRUCTIONS[instruction.op].map((name) => {
    const value = name === 'p' ? Math.round(values[name] * PROBABILITY_UNITS) : values[name]
    if (Number.isInteger(value)) return value
    throw new RangeError(`Expected a whole number for ${name} of ${instruction.op} but received ${value}`)
  })
}
