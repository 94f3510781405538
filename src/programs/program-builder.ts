/** Writes programs, and infers the shape of every value. */
import { type Instruction, type Program, type ProgramOutput, type Shape, sameShape, type Value } from './program.js'

/**
 * Writes a {@link Program} instruction by instruction and infers every shape; throws a RangeError if shapes do not fit.
 */
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

  /**
   * Square 2-D convolution. If `groups` equals the channels of the input, it is depthwise. Padding defaults to
   * `dilation · (kernel − 1) / 2`, which keeps the extent at stride 1 if the kernel is odd.
   */
  conv2d(
    x: Value,
    options: {
      weight: string
      bias?: string
      channels: number
      kernel: number
      stride?: number
      padding?: number
      dilation?: number
      groups?: number
    },
  ): Value {
    const { channels, kernel, stride = 1, dilation = 1, groups = 1, weight, bias } = options
    const { padding = (dilation * (kernel - 1)) >> 1 } = options
    if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0 && x.shape.channels % groups === 0)) {
      const received = `${groups} for ${x.shape.channels} to ${channels} channels`
      throw new RangeError(`Expected groups that divide the channels for conv2d but received ${received}`)
    }
    const extent = windowed('conv2d', x.shape, { kernel, stride, padding, dilation })
    const output = { channels, ...extent }
    return this.#emit({
      op: 'conv2d',
      input: x.id,
      output,
      weight,
      bias,
      kernel,
      stride,
      padding,
      dilation,
      groups,
    })
  }

  /**
   * Normalizes each channel (ε = 1e-5), then scales and shifts it if `affine` is given.
   *
   * Without `running`, training and evaluation take the statistics of the batch. With it, this is PyTorch's
   * `BatchNorm2d`. Training takes the statistics of the batch, and moves the running ones towards them by a tenth (the
   * variance as an unbiased estimate). Evaluation takes the running ones. The running statistics are
   * buffers of the supernet, which PyTorch calls `….running_mean` and `….running_var`.
   */
  batchNorm(
    x: Value,
    options: { affine?: { weight: string; bias: string }; running?: { mean: string; variance: string } } = {},
  ): Value {
    const { affine, running } = options
    return this.#emit({ op: 'batchNorm', input: x.id, output: x.shape, affine, running })
  }

  /** Negative values become zero. */
  relu(x: Value): Value {
    return this.#emit({ op: 'relu', input: x.id, output: x.shape })
  }

  /** min(max(x, 0), 6). */
  relu6(x: Value): Value {
    return this.#emit({ op: 'relu6', input: x.id, output: x.shape })
  }

  /** Average pooling that leaves padding out of the mean (PyTorch's `count_include_pad=False`). */
  avgPool2d(x: Value, options: PoolOptions): Value {
    return this.#pool('avgPool2d', x, options)
  }

  /**
   * Maximum over each window; padding is below every number. The gradient goes to the first of equal maxima, row by
   * row.
   */
  maxPool2d(x: Value, options: PoolOptions): Value {
    return this.#pool('maxPool2d', x, options)
  }

  #pool(op: 'avgPool2d' | 'maxPool2d', x: Value, { kernel, stride = 1, padding = (kernel - 1) >> 1 }: PoolOptions) {
    const output = { channels: x.shape.channels, ...windowed(op, x.shape, { kernel, stride, padding }) }
    return this.#emit({ op, input: x.id, output, kernel, stride, padding })
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

  /**
   * Σ coefficient · value over values of equal shape, for training only. Value i has the coefficient
   * `firstCoefficient + i` of the step's `mixing`; the step returns gradients of the coefficients. Several mixes may
   * read one coefficient. A value whose coefficient is zero gets no gradient, and its instructions no backward pass.
   * Evaluation has no coefficients.
   */
  mix(values: readonly Value[], firstCoefficient: number): Value {
    const first = values[0]
    if (first === undefined) throw new RangeError('Expected at least one value for mix but received none')
    const other = values.find(({ shape }) => !sameShape(shape, first.shape))
    if (other !== undefined) {
      throw new RangeError(`Expected equal shapes for mix but received ${text(first.shape)} and ${text(other.shape)}`)
    }
    if (!Number.isInteger(firstCoefficient) || firstCoefficient < 0) {
      throw new RangeError(`Expected the index of a coefficient for mix but received ${firstCoefficient}`)
    }
    return this.#emit({ op: 'mix', inputs: values.map(({ id }) => id), firstCoefficient, output: first.shape })
  }

  /** Concatenates values of equal height and width along the channels. The concatenation of one value is that value. */
  concat(values: readonly Value[]): Value {
    const first = values[0]
    if (first === undefined) throw new RangeError('Expected at least one value for concat but received none')
    if (values.length === 1) return first
    const { height, width } = first.shape
    let channels = 0
    for (const { shape } of values) {
      if (shape.height !== height || shape.width !== width) {
        const received = `${text(first.shape)} and ${text(shape)}`
        throw new RangeError(`Expected equal heights and widths for concat but received ${received}`)
      }
      channels += shape.channels
    }
    const output = { channels, height, width }
    return this.#emit({ op: 'concat', inputs: values.map((value) => value.id), output })
  }

  /**
   * The part of every image from row `top` and column `left` on, to its end unless `height` and `width` are given, in
   * the first `channels` channels, by default all. `x[:, :, 1:, 1:]`, which factorized reductions convolve, is
   * `{ top: 1, left: 1 }`.
   */
  crop2d(
    x: Value,
    options: { top?: number; left?: number; height?: number; width?: number; channels?: number },
  ): Value {
    const { top = 0, left = 0, channels = x.shape.channels } = options
    const { height = x.shape.height - top, width = x.shape.width - left } = options
    const inside = top >= 0 && left >= 0 && height > 0 && width > 0 && channels > 0 && channels <= x.shape.channels
    if (!inside || top + height > x.shape.height || left + width > x.shape.width) {
      const received = `${height}×${width} at row ${top} and column ${left} of ${text(x.shape)}`
      const first = channels === x.shape.channels ? '' : `${channels} channels, `
      throw new RangeError(`Expected a part of the image for crop2d but received ${first}${received}`)
    }
    const output = { channels, height, width }
    return this.#emit({ op: 'crop2d', input: x.id, output, top, left })
  }

  /**
   * In training, sets each number to zero with probability `p` and divides the others by 1 − p. In evaluation, and in
   * steps without a `drop` seed, changes nothing.
   */
  dropout(x: Value, options: { p: number }): Value {
    return this.#drop('dropout', x, options.p)
  }

  /** {@link dropout} of whole images: all channels and pixels of an image are kept or dropped together. */
  dropPath(x: Value, options: { p: number }): Value {
    return this.#drop('dropPath', x, options.p)
  }

  #drop(op: 'dropout' | 'dropPath', x: Value, p: number): Value {
    if (!(p >= 0 && p < 1)) throw new RangeError(`Expected a probability below 1 for ${op} but received ${p}`)
    return this.#emit({ op, input: x.id, output: x.shape, p })
  }

  /**
   * The value itself, marked with `slot`, a whole number that no other tap of the program has. `observe` keeps the
   * value; a step with `alignment` draws it towards the kept one. The only cost is that instructions on its two sides
   * are not fused.
   */
  tap(x: Value, options: { slot: number }): Value {
    const { slot } = options
    if (!(Number.isInteger(slot) && slot >= 0)) {
      throw new RangeError(`Expected a whole number of at least 0 for the slot of tap but received ${slot}`)
    }
    return this.#emit({ op: 'tap', input: x.id, output: x.shape, slot })
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

  /**
   * The program whose result is `logits`. `auxiliary`: more logits, for training only, with factors of their losses. The
   * loss of `logits` has the factor 1.
   */
  finish(logits: Value, auxiliary: readonly { readonly value: Value; readonly weight: number }[] = []): Program {
    for (const { value, weight } of auxiliary) {
      if (!sameShape(value.shape, logits.shape)) {
        const received = text(value.shape)
        throw new RangeError(`Expected shape ${text(logits.shape)} for an auxiliary output but received ${received}`)
      }
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
        throw new RangeError(`Expected a number of at least 0 for the weight of an output but received ${weight}`)
      }
    }
    const outputs: ProgramOutput[] = [
      { value: logits.id, role: 'logits', weight: 1 },
      ...auxiliary.map(({ value, weight }) => ({ value: value.id, role: 'auxiliary', weight }) as const),
    ]
    return { instructions: [...this.#instructions], outputs, idle: [...this.#idle] }
  }
}

/** Extent and movement of a pool's window, in pixels. Defaults: stride 1, padding (kernel − 1) / 2. */
export interface PoolOptions {
  readonly kernel: number
  readonly stride?: number
  readonly padding?: number
}

function text(shape: Shape): string {
  return `${shape.channels}×${shape.height}×${shape.width}`
}

/** Number of positions of a window, along height and width. */
function windowed(
  op: string,
  input: Shape,
  { dilation = 1, ...window }: Required<PoolOptions> & { readonly dilation?: number },
) {
  for (const [name, value] of Object.entries({ ...window, dilation })) {
    const least = name === 'padding' ? 0 : 1
    if (Number.isInteger(value) && value >= least) continue
    throw new RangeError(`Expected a whole number of at least ${least} for the ${name} of ${op} but received ${value}`)
  }
  const { kernel, stride, padding } = window
  const span = dilation * (kernel - 1) + 1
  const height = Math.floor((input.height + 2 * padding - span) / stride) + 1
  const width = Math.floor((input.width + 2 * padding - span) / stride) + 1
  if (height < 1 || width < 1) {
    throw new RangeError(`Expected an input of at least the kernel's extent for ${op} but received ${text(input)}`)
  }
  return { height, width }
}
