/**
 * Costs of a program, counted from its instructions and the shapes of its parameters. Nothing here knows a search
 * space.
 *
 * Auxiliary outputs, and what only they need, do not count. Conventions, per image:
 * - *Multiply-adds* of a convolution or linear layer: output height × output width × elements of the weight, zero
 *   padding included. Norms, pools, sums and biases have none.
 * - *FLOPs* are two per multiply-add, and one per output element for a bias that counts. A batch norm has two per
 *   element (a scale and a shift, as at inference). An average pool has one per element of each window, padding
 *   included; global pooling has one per input element. A sum has one per element and addition. ReLUs, maximum pools,
 *   concatenations, crops and dropout have none.
 * - *Parameters* are the elements of all distinct tensors that counted instructions use.
 */

import { scalars } from '../base/shapes.js'
import { logitsOf, neededFor, withoutAuxiliary } from './outputs.js'
import type { Instruction, Program, Shape } from './program.js'
import { inputsOf, parametersOf } from './program.js'

/** Costs of a program. */
export interface Cost {
  /** Scalars that training could change. */
  readonly parameters: number
  /** Per image. */
  readonly multiplyAdds: number
  /** Per image. */
  readonly flops: number
}

/** Options of a count. All are false by default, which counts the path as the supernet holds it. */
export interface CostConvention {
  /** Count instructions too that the output does not depend on. */
  readonly dead?: boolean
  /** Count a scale and a shift per channel for every batch norm. */
  readonly affineNorms?: boolean
  /** Count no bias for a convolution that only batch norms read, because they cancel it. */
  readonly noBiasBeforeNorms?: boolean
}

/** Convention of the tables of benchmarks, which count the network that is trained alone. */
export const PUBLISHED_CONVENTION: CostConvention = { dead: true, affineNorms: true, noBiasBeforeNorms: true }

/** Shapes of parameters by name. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>

/** Counts one program; throws a RangeError if it uses a parameter without a shape. */
export function programCost(complete: Program, shapes: ParameterShapes, convention: CostConvention = {}): Cost {
  const program = withoutAuxiliary(complete)
  const { instructions } = program
  const counts = convention.dead ? instructions.map(() => true) : neededFor(instructions, [logitsOf(program)])
  const normed = convention.noBiasBeforeNorms ? readByNormsOnly(program, counts) : undefined
  const used = new Set<string>()
  let normParameters = 0
  let multiplyAdds = 0
  let flops = 0
  for (const [id, instruction] of instructions.entries()) {
    if (!counts[id]) continue
    if (instruction.op === 'batchNorm') {
      const { affine } = instruction
      if (affine !== undefined) for (const name of parametersOf(instruction)) used.add(name)
      else if (convention.affineNorms) normParameters += 2 * instruction.output.channels
    }
    if (instruction.op === 'conv2d' || instruction.op === 'linear') {
      const { weight, bias } = instruction
      used.add(weight)
      const { height, width } = instruction.output
      const products = elements(weight, shapes) * height * width
      multiplyAdds += products
      flops += 2 * products
      if (bias !== undefined && !normed?.[id]) {
        used.add(bias)
        flops += area(instruction.output)
      }
    }
    flops += additions(instruction, instructions)
  }
  let parameters = normParameters
  for (const name of used) parameters += elements(name, shapes)
  return { parameters, multiplyAdds, flops }
}

/** FLOPs of an instruction, without those of its weight and bias. */
function additions(instruction: Instruction, instructions: readonly Instruction[]): number {
  switch (instruction.op) {
    case 'batchNorm':
      return 2 * area(instruction.output)
    case 'avgPool2d':
      return instruction.kernel ** 2 * area(instruction.output)
    case 'globalAvgPool':
      return area(instructions[instruction.input].output)
    case 'add':
    case 'mix':
      return (instruction.inputs.length - 1) * area(instruction.output)
    case 'input':
    case 'zeros':
    case 'relu':
    case 'relu6':
    case 'maxPool2d':
    case 'concat':
    case 'crop2d':
    case 'dropout':
    case 'dropPath':
    case 'tap':
    case 'conv2d':
    case 'linear':
      return 0
    default:
      return unknown(instruction)
  }
}

/** Makes the compiler ask for the cost of every new instruction. */
function unknown(instruction: never): never {
  throw new RangeError(`Expected an instruction whose cost is known but received ${JSON.stringify(instruction)}`)
}

/** By instruction: true if batch norms read it and nothing else does. */
function readByNormsOnly(program: Program, counts: readonly boolean[]): boolean[] {
  const { instructions } = program
  const byNorm = new Array<boolean>(instructions.length).fill(false)
  const byOthers = new Array<boolean>(instructions.length).fill(false)
  byOthers[logitsOf(program)] = true
  for (const [id, instruction] of instructions.entries()) {
    if (!counts[id]) continue
    for (const input of inputsOf(instruction)) (instruction.op === 'batchNorm' ? byNorm : byOthers)[input] = true
  }
  return byNorm.map((read, id) => read && !byOthers[id])
}

function elements(name: string, shapes: ParameterShapes): number {
  const shape = shapes.get(name)
  if (shape === undefined) throw new RangeError(`Expected a shape for parameter ${name} but received none`)
  return scalars(shape)
}

function area({ channels, height, width }: Shape): number {
  return channels * height * width
}
