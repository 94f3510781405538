/**
 * A program says what one path of a supernet computes: a flat list of typed instructions in topological order, each
 * producing one value. Search spaces write programs with `ProgramBuilder`; the addon checks, fuses and runs them.
 */

/** Extent of one image or feature map, without the batch dimension. */
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

/** An instruction that reads one value. */
interface Unary {
  readonly input: number
  readonly output: Shape
}

/** An instruction that slides a square window over its input. Sizes are in pixels. */
interface Windowed extends Unary {
  readonly kernel: number
  readonly stride: number
  /** Added on each of the four sides. */
  readonly padding: number
}

/**
 * One step of a program. `input` and `inputs` are indices of earlier instructions, `output` is the shape of the result.
 */
export type Instruction =
  | { readonly op: 'input'; readonly output: Shape }
  | { readonly op: 'zeros'; readonly output: Shape }
  | ({
      readonly op: 'conv2d'
      /** Parameter of shape [outChannels, inChannels / groups, kernel, kernel]. */
      readonly weight: string
      /** Parameter of shape [outChannels]. */
      readonly bias?: string
      /** Distance between neighboring taps of the kernel, in pixels. */
      readonly dilation: number
      readonly groups: number
    } & Windowed)
  | ({
      readonly op: 'batchNorm'
      /** Parameters of shape [channels]. */
      readonly affine?: { readonly weight: string; readonly bias: string }
      /** Buffers of shape [channels]. */
      readonly running?: { readonly mean: string; readonly variance: string }
    } & Unary)
  | ({ readonly op: 'relu' | 'relu6' } & Unary)
  | ({ readonly op: 'avgPool2d' | 'maxPool2d' } & Windowed)
  | { readonly op: 'add' | 'concat'; readonly inputs: readonly number[]; readonly output: Shape }
  | ({ readonly op: 'globalAvgPool' } & Unary)
  | ({
      readonly op: 'linear'
      /** Parameter of shape [outFeatures, inFeatures]. */
      readonly weight: string
      /** Parameter of shape [outFeatures]. */
      readonly bias: string
    } & Unary)
  | ({ readonly op: 'crop2d'; readonly top: number; readonly left: number } & Unary)
  | ({ readonly op: 'dropout' | 'dropPath'; readonly p: number } & Unary)
  | {
      readonly op: 'mix'
      readonly inputs: readonly number[]
      /** Index of the first input's coefficient in the `mixing` of a step. */
      readonly firstCoefficient: number
      readonly output: Shape
    }
  | ({ readonly op: 'tap'; readonly slot: number } & Unary)

/** A result of a program: one number per class. */
export interface ProgramOutput {
  /** Index of the instruction whose value it is, of height and width 1. */
  readonly value: number
  /**
   * `logits`: the result of the network. `auxiliary`: logits for training only. Evaluation, exports and costs leave
   * them out, and all instructions and parameters that only they need.
   */
  readonly role: 'logits' | 'auxiliary'
  /** Factor, at least 0, of its mean cross-entropy in the loss that a step differentiates. */
  readonly weight: number
}

/** The computation of a path, instruction by instruction. */
export interface Program {
  readonly instructions: readonly Instruction[]
  /** One output with the role `logits`, and any number of auxiliary ones. */
  readonly outputs: readonly ProgramOutput[]
  /**
   * Parameters that the path chose but that cannot change its outputs, because they lie on dead edges. They count as
   * sampled, with gradient zero: gradient variance, weight decay and momentum include them.
   */
  readonly idle: readonly string[]
}

/** Ids of the values that an instruction reads. */
export function inputsOf(instruction: Instruction): readonly number[] {
  if ('inputs' in instruction) return instruction.inputs
  return 'input' in instruction ? [instruction.input] : []
}

/** Names of the parameters that an instruction uses: weight first, then bias. */
export function parametersOf(instruction: Instruction): readonly string[] {
  switch (instruction.op) {
    case 'conv2d':
    case 'linear':
      return instruction.bias === undefined ? [instruction.weight] : [instruction.weight, instruction.bias]
    case 'batchNorm':
      return instruction.affine === undefined ? [] : [instruction.affine.weight, instruction.affine.bias]
    default:
      return []
  }
}

/** Names of the buffers that an instruction uses: running mean first, then running variance. */
export function buffersOf(instruction: Instruction): readonly string[] {
  if (instruction.op !== 'batchNorm' || instruction.running === undefined) return []
  return [instruction.running.mean, instruction.running.variance]
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.channels === b.channels && a.height === b.height && a.width === b.width
}

/** A shape in words, such as `3×32×32`. */
export function describeShape({ channels, height, width }: Shape): string {
  return `${channels}×${height}×${width}`
}
