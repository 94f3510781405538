/**
 * What a program costs, counted from its program and the shapes of its parameters: nothing here knows a search space.
 *
 * Conventions, per image:
 * - *Multiply-adds* are those of convolutions and linear layers, at every output position, zero padding included: output
 *   height × output width × elements of the weight. Norms, pools, sums and biases have none.
 * - *FLOPs* are two per multiply-add; one per output element for a bias that counts; two per element for a batch norm
 *   (a scale and a shift, as at inference); one per element of each window for an average pool, padding included, and
 *   one per input element for global pooling; one per element and addition for sums. ReLUs and maximum pools compare,
 *   concatenations and crops copy, and dropout is not there at inference: zero.
 * - *Parameters* are the elements of all distinct tensors that counted instructions use.
 */

import type { Instruction, Program, Shape } from './program.js'
import { inputsOf, parametersOf } from './program.js'

/** What a program costs. */
export interface Cost {
  /** Scalars that training could change. */
  readonly parameters: number
  /** Per image. */
  readonly multiplyAdds: number
  /** Per image. */
  readonly flops: number
}

/** What counts. Absent options are false: the path as the supernet holds it. */
export interface CostConvention {
  /** Instructions that the output does not depend on count too. */
  readonly dead?: boolean
  /** Every batch norm has a scale and a shift per channel. */
  readonly affineNorms?: boolean
  /** A convolution that only batch norms read has no bias: they would take it out again. */
  readonly noBiasBeforeNorms?: boolean
}

/** How tables of benchmarks count the network that is trained alone. */
export const PUBLISHED_CONVENTION: CostConvention = { dead: true, affineNorms: true, noBiasBeforeNorms: true }

/** Shapes of parameters by name. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>

/** Counts one program; throws a RangeError where it uses a parameter without a shape. */
export function programCost(program: Program, shapes: ParameterShapes, convention: CostConvention = {}): Cost {
  const { instructions } = program
  const counts = convention.dead ? instructions.map(() => true) : reachable(program)
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

/** FLOPs of an instruction beside those of its weight and bias. */
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

/** Makes the compiler ask, of every new instruction, what it costs. */
function unknown(instruction: never): never {
  throw new RangeError(`Expected an instruction whose cost is known but received ${JSON.stringify(instruction)}`)
}

/** By instruction, whether the output depends on it. Programs are in topological order, so one sweep back suffices. */
function reachable({ instructions, output }: Program): boolean[] {
  const reached = new Array<boolean>(instructions.length).fill(false)
  reached[output] = true
  for (let id = output; id >= 0; id--) {
    if (reached[id]) for (const input of inputsOf(instructions[id])) reached[input] = true
  }
  return reached
}

/** By instruction, whether something reads it and nothing but batch norms does. */
function readByNormsOnly({ instructions, output }: Program, counts: readonly boolean[]): boolean[] {
  const byNorm = new Array<boolean>(instructions.length).fill(false)
  const byOthers = new Array<boolean>(instructions.length).fill(false)
  byOthers[output] = true
  for (const [id, instruction] of instructions.entries()) {
    if (!counts[id]) continue
    for (const input of inputsOf(instruction)) (instruction.op === 'batchNorm' ? byNorm : byOthers)[input] = true
  }
  return byNorm.map((read, id) => read && !byOthers[id])
}

function elements(name: string, shapes: ParameterShapes): number {
  const shape = shapes.get(name)
  if (shape === undefined) throw new RangeError(`Expected a shape for parameter ${name} but received none`)
  return shape.reduce((product, extent) => product * extent, 1)
}

function area({ channels, height, width }: Shape): number {
  return channels * height * width
}
