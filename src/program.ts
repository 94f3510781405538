/**
 * A program says what one path of a supernet computes: a flat list of typed instructions in topological order, each
 * producing one value. Search spaces write programs with {@link ProgramBuilder}; the addon checks, fuses and runs them.
 */

/** Extent of one image or feature map, batch dimension left out. */
export interface Shape {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** The result of an instruction: its index in the program and its shape. */
export interface Value {
  readonly id: number
  readonly shape: Shape
}

export type Instruction =
  | { readonly op: 'input'; readonly output: Shape }
  | { readonly op: 'zeros'; readonly output: Shape }
  | {
      readonly op: 'conv2d'
      readonly input: number
      readonly output: Shape
      /** Parameter of shape [outChannels, inChannels, kernel, kernel]. */
      readonly weight: string
      /** Parameter of shape [outChannels]. */
      readonly bias?: string
      readonly kernel: number
      readonly stride: number
      readonly padding: number
    }
  | { readonly op: 'batchNorm'; readonly input: number; readonly output: Shape }
  | { readonly op: 'relu'; readonly input: number; readonly output: Shape }
  | {
      readonly op: 'avgPool2d'
      readonly input: number
      readonly output: Shape
      readonly kernel: number
      readonly stride: number
      readonly padding: number
    }
  | { readonly op: 'add'; readonly inputs: readonly number[]; readonly output: Shape }
  | { readonly op: 'globalAvgPool'; readonly input: number; readonly output: Shape }
  | {
      readonly op: 'linear'
      readonly input: number
      readonly output: Shape
      /** Parameter of shape [outFeatures, inFeatures]. */
      readonly weight: string
      /** Parameter of shape [outFeatures]. */
      readonly bias: string
    }

export interface Program {
  readonly instructions: readonly Instruction[]
  /** Index of the instruction whose value is the result: logits, one channel per class. */
  readonly output: number
  /**
   * Parameters that the path chose but that cannot change its output (they lie on dead edges). They count as sampled,
   * with gradient zero: gradient variance, weight decay and momentum see them.
   */
  readonly idle: readonly string[]
}

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
] as const satisfies readonly Instruction['op'][]

/** Writes a {@link Program} instruction by instruction and infers every shape; throws where shapes do not fit. */
export class ProgramBuilder {
  readonly #instructions: Instruction[] = []
  readonly #idle = new Set<string>()

  #emit(instruction: Instruction): Value {
    this.#instructions.push(instruction)
    return { id: this.#instructions.length - 1, shape: instruction.output }
  }

  /** The batch of images. */
  input(shape: Shape): Value {
    return this.#emit({ op: 'input', output: shape })
  }

  /** A constant zero, for a node that receives no signal at all. */
  zeros(shape: Shape): Value {
    return this.#emit({ op: 'zeros', output: shape })
  }

  /** Square 2-D convolution; `bias` is optional. Padding defaults to `(kernel − 1) / 2`. */
  conv2d(
    x: Value,
    options: { weight: string; bias?: string; channels: number; kernel: number; stride?: number; padding?: number },
  ): Value {
    const { kernel, stride = 1, padding = (kernel - 1) >> 1 } = options
    const output = { channels: options.channels, ...windowed('conv2d', x.shape, kernel, stride, padding) }
    const { weight, bias } = options
    return this.#emit({ op: 'conv2d', input: x.id, output, weight, bias, kernel, stride, padding })
  }

  /** Normalises each channel with the statistics of the batch, in training and evaluation; no affine, ε = 1e-5. */
  batchNorm(x: Value): Value {
    return this.#emit({ op: 'batchNorm', input: x.id, output: x.shape })
  }

  relu(x: Value): Value {
    return this.#emit({ op: 'relu', input: x.id, output: x.shape })
  }

  /** Average pooling that leaves padding out of the mean (PyTorch's `count_include_pad=False`). */
  avgPool2d(x: Value, options: { kernel: number; stride?: number; padding?: number }): Value {
    const { kernel, stride = 1, padding = (kernel - 1) >> 1 } = options
    const output = { channels: x.shape.channels, ...windowed('avgPool2d', x.shape, kernel, stride, padding) }
    return this.#emit({ op: 'avgPool2d', input: x.id, output, kernel, stride, padding })
  }

  /** Element-wise sum of values of equal shape. The sum of one value is that value. */
  add(values: readonly Value[]): Value {
    const first = values[0]
    if (first === undefined) throw new RangeError('Expected at least one value for add but received none')
    if (values.length === 1) return first
    for (const value of values) {
      if (!sameShape(value.shape, first.shape)) {
        throw new RangeError(`Expected equal shapes for add but received ${text(first.shape)} and ${text(value.shape)}`)
      }
    }
    return this.#emit({ op: 'add', inputs: values.map((value) => value.id), output: first.shape })
  }

  /** Mean over height and width. */
  globalAvgPool(x: Value): Value {
    return this.#emit({ op: 'globalAvgPool', input: x.id, output: { channels: x.shape.channels, height: 1, width: 1 } })
  }

  /** Fully connected layer on a value of height and width 1. */
  linear(x: Value, options: { weight: string; bias: string; features: number }): Value {
    if (x.shape.height !== 1 || x.shape.width !== 1) {
      throw new RangeError(`Expected a value of height and width 1 for linear but received ${text(x.shape)}`)
    }
    const { weight, bias } = options
    const output = { channels: options.features, height: 1, width: 1 }
    return this.#emit({ op: 'linear', input: x.id, output, weight, bias })
  }

  /** Declares parameters that the path sampled but that cannot change its output. */
  idle(names: Iterable<string>): void {
    for (const name of names) this.#idle.add(name)
  }

  finish(output: Value): Program {
    return { instructions: this.#instructions, output: output.id, idle: [...this.#idle] }
  }
}

/** A program as the addon receives it. */
export interface EncodedProgram {
  /**
   * Per instruction: op code, number of inputs, inputs, number of parameters, indices into `names`, then the shape
   * (channels, height, width) and kernel, stride, padding (0 where the instruction has none). Last: the output's index.
   */
  readonly code: Int32Array
  /** Parameter names used by `code`. */
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
  for (const instruction of program.instructions) {
    const inputs = inputsOf(instruction)
    const parameters = parametersOf(instruction)
    code.push(OP_CODES.indexOf(instruction.op), inputs.length, ...inputs, parameters.length)
    for (const name of parameters) code.push(reference(name))
    const { channels, height, width } = instruction.output
    code.push(channels, height, width)
    if ('kernel' in instruction) code.push(instruction.kernel, instruction.stride, instruction.padding)
    else code.push(0, 0, 0)
  }
  code.push(program.output)
  return { code: Int32Array.from(code), names, idle: program.idle }
}

/** Ids of the values that an instruction reads. */
export function inputsOf(instruction: Instruction): readonly number[] {
  if (instruction.op === 'add') return instruction.inputs
  return 'input' in instruction ? [instruction.input] : []
}

/** Names of the parameters that an instruction uses: weight first, then bias. */
export function parametersOf(instruction: Instruction): readonly string[] {
  if (instruction.op !== 'conv2d' && instruction.op !== 'linear') return []
  return instruction.bias === undefined ? [instruction.weight] : [instruction.weight, instruction.bias]
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.channels === b.channels && a.height === b.height && a.width === b.width
}

function text(shape: Shape): string {
  return `${shape.channels}×${shape.height}×${shape.width}`
}

function windowed(op: string, input: Shape, kernel: number, stride: number, padding: number) {
  const height = Math.floor((input.height + 2 * padding - kernel) / stride) + 1
  const width = Math.floor((input.width + 2 * padding - kernel) / stride) + 1
  if (height < 1 || width < 1) {
    throw new RangeError(`Expected an input of at least the kernel's extent for ${op} but received ${text(input)}`)
  }
  return { height, width }
}
