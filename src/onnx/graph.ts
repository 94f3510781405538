/** Translates the evaluation of a program into an ONNX graph. */
import type { Tensor } from '../formats/safetensors.js'
import { logitsOf, withoutAuxiliary } from '../programs/outputs.js'
import type { Instruction, Program, Shape } from '../programs/program.js'
import { addBatchNorm } from './batch-norm.js'
import { type Attributes, GraphBuilder, IMAGES, LOGITS } from './graph-builder.js'
import { DATA_TYPE, type OnnxGraph, type OnnxValueInfo } from './messages.js'
import { Values } from './values.js'

/** Version of the ONNX operators, from 2022. */
export const OPSET = 17

/**
 * The graph of a program and its weights, without auxiliary outputs. The input `images` is float32 of shape
 * [N, …`input`] for any N; the output `logits` is float32 of shape [N, classes]. Tensors of the supernet are
 * initializers under their names.
 *
 * @throws UserError for weights that are missing, of another shape or not float32; RangeError for a program with the
 *   instruction `mix`, which is for training only.
 */
export function onnxGraph(
  complete: Program,
  input: Shape,
  weights: ReadonlyMap<string, Tensor>,
  name: string,
): OnnxGraph {
  const program = withoutAuxiliary(complete)
  const { instructions } = program
  const logits = logitsOf(program)
  const builder = new GraphBuilder(weights)
  const values = new Values(builder)
  for (const id of instructions.keys()) translate(id, program, values, builder)
  const result = values.row(logits)
  const named = (names: readonly string[]) => names.map((value) => (value === result ? LOGITS : value))
  return {
    node: builder.nodes.map((node) => ({ ...node, input: named(node.input), output: named(node.output) })),
    name,
    initializer: builder.initializers,
    input: [batchOf(IMAGES, [input.channels, input.height, input.width])],
    output: [batchOf(LOGITS, [instructions[logits].output.channels])],
  }
}

function translate(id: number, { instructions }: Program, values: Values, builder: GraphBuilder): void {
  const instruction = instructions[id]
  const image = (opType: string, inputs: readonly string[], attributes?: Attributes) =>
    values.setImage(id, builder.node(id, opType, inputs, attributes))
  switch (instruction.op) {
    case 'input':
      values.setImage(id, IMAGES)
      break
    case 'zeros':
      image('ConstantOfShape', [addShape(id, instruction, builder)])
      break
    case 'conv2d': {
      const { input, output, kernel, dilation, groups } = instruction
      const shape = [output.channels, instructions[input].output.channels / groups, kernel, kernel]
      image('Conv', [values.image(input), ...addWeights(instruction, shape, builder)], {
        ...windowOf(instruction),
        dilations: [dilation, dilation],
        group: groups,
      })
      break
    }
    case 'batchNorm':
      values.setImage(id, addBatchNorm(id, instruction, values.image(instruction.input), builder))
      break
    case 'relu':
      image('Relu', [values.image(instruction.input)])
      break
    case 'relu6':
      image('Clip', [values.image(instruction.input), builder.floats('zero', [0], []), builder.floats('six', [6], [])])
      break
    case 'avgPool2d':
      image('AveragePool', [values.image(instruction.input)], { ...windowOf(instruction), count_include_pad: 0 })
      break
    case 'maxPool2d':
      image('MaxPool', [values.image(instruction.input)], windowOf(instruction))
      break
    case 'add': {
      const terms = instruction.inputs.map((input) => values.image(input))
      values.setImage(
        id,
        terms.reduce((sum, term) => builder.node(id, 'Add', [sum, term])),
      )
      break
    }
    case 'concat':
      image(
        'Concat',
        instruction.inputs.map((input) => values.image(input)),
        { axis: 1 },
      )
      break
    case 'globalAvgPool':
      image('GlobalAveragePool', [values.image(instruction.input)])
      break
    case 'linear': {
      const { input, output } = instruction
      const shape = [output.channels, instructions[input].output.channels]
      const names = addWeights(instruction, shape, builder)
      values.setRow(id, builder.node(id, 'Gemm', [values.row(input), ...names], { transB: 1 }))
      break
    }
    case 'crop2d': {
      const { input, output, top, left } = instruction
      const bounds = [
        builder.integers(`${id}/starts`, [0, top, left]),
        builder.integers(`${id}/ends`, [output.channels, top + output.height, left + output.width]),
        builder.integers('axes/image', [1, 2, 3]),
      ]
      image('Slice', [values.image(input), ...bounds])
      break
    }
    case 'dropout':
    case 'dropPath':
    case 'tap':
      values.alias(id, instruction.input)
      break
    case 'mix':
      throw new RangeError('Expected a program for evaluation but received mix, which is for training only')
    default:
      instruction satisfies never
  }
}

type Weighted = Extract<Instruction, { readonly op: 'conv2d' | 'linear' }>

function addWeights({ weight, bias, output }: Weighted, shape: readonly number[], builder: GraphBuilder): string[] {
  const name = builder.weight(weight, shape)
  return bias === undefined ? [name] : [name, builder.weight(bias, [output.channels])]
}

/** Adds the shape of an instruction's value for as many images as the input has; returns the name of the shape. */
function addShape(id: number, { output }: Instruction, builder: GraphBuilder): string {
  const images = builder.node(id, 'Shape', [IMAGES], { start: 0, end: 1 })
  const extents = builder.integers(`${id}/extents`, [output.channels, output.height, output.width])
  return builder.node(id, 'Concat', [images, extents], { axis: 0 })
}

function windowOf({ kernel, stride, padding }: { kernel: number; stride: number; padding: number }) {
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  }
}

/** A float32 value of shape [N, …extents]. */
function batchOf(name: string, extents: readonly number[]): OnnxValueInfo {
  const dim = [{ dimParam: 'N' }, ...extents.map((dimValue) => ({ dimValue }))]
  return { name, type: { tensorType: { elemType: DATA_TYPE.float, shape: { dim } } } }
}
