import { type Arithmetic, Dataset, type Plan, type Precision, Supernet } from '../../src/native/index.js'
import type { Program, Shape, Value } from '../../src/programs/program.js'
import { ProgramBuilder } from '../../src/programs/program-builder.js'
import type { BufferSpec, ParameterSpec } from '../../src/spaces/space.js'
import { randomFloats, randomNumbers } from './random.js'
import type { ScalarBatch } from './scalar-reference.js'
import { byName, size } from './state.js'

/** Builds a program together with the list of its parameters. */
export class NetBuilder {
  readonly program = new ProgramBuilder()
  readonly specs: ParameterSpec[] = []
  readonly buffers: BufferSpec[] = []

  /** A convolution with new weights, or with the weights named `as`, which several may share. */
  conv(
    x: Value,
    channels: number,
    kernel: number,
    options: {
      stride?: number
      padding?: number
      bias?: boolean
      dilation?: number
      groups?: number
      as?: string
    } = {},
  ) {
    const { bias = true, as, ...window } = options
    const name = as ?? `conv${this.specs.length}`
    this.#spec(`${name}.weight`, [channels, x.shape.channels / (window.groups ?? 1), kernel, kernel])
    if (bias) this.#spec(`${name}.bias`, [channels])
    const names = { weight: `${name}.weight`, ...(bias ? { bias: `${name}.bias` } : {}) }
    return this.program.conv2d(x, { ...names, channels, kernel, ...window })
  }

  /** A batch norm with new parameters, running statistics, or both. */
  norm(x: Value, { affine = true, running = false }: { affine?: boolean; running?: boolean } = {}) {
    const { channels } = x.shape
    const name = `norm${this.specs.length + this.buffers.length}`
    const options = {
      ...(affine && { affine: { weight: `${name}.weight`, bias: `${name}.bias` } }),
      ...(running && { running: { mean: `${name}.running_mean`, variance: `${name}.running_var` } }),
    }
    if (options.affine) for (const parameter of Object.values(options.affine)) this.#spec(parameter, [channels])
    if (options.running) {
      this.buffers.push({ name: options.running.mean, shape: [channels], init: 0 })
      this.buffers.push({ name: options.running.variance, shape: [channels], init: 1 })
    }
    return this.program.batchNorm(x, options)
  }

  /** Ends the program with global average pooling, if the image is larger than one pixel, and a linear layer. */
  classify(x: Value, classes: number): Program {
    const pooled = x.shape.height === 1 && x.shape.width === 1 ? x : this.program.globalAvgPool(x)
    this.#spec('head.weight', [classes, x.shape.channels])
    this.#spec('head.bias', [classes])
    const head = { weight: 'head.weight', bias: 'head.bias', features: classes }
    return this.program.finish(this.program.linear(pooled, head))
  }

  #spec(name: string, shape: readonly number[]) {
    if (this.specs.some((spec) => spec.name === name)) return
    this.specs.push({ name, shape, init: { kind: 'zeros' } })
  }
}

/** A supernet of one program with random weights and a batch, both for the addon and for the scalar reference. */
export interface SmallNet extends Disposable {
  readonly net: Supernet
  readonly plan: Plan
  readonly dataset: Dataset
  readonly indices: Int32Array
  readonly batch: ScalarBatch
  readonly parameters: Map<string, Float64Array>
}

export async function smallNet(
  program: Program,
  specs: readonly ParameterSpec[],
  input: Shape,
  {
    seed = 1,
    count = 4,
    classes = 3,
    arithmetic = 'fast',
    precision = 'float32',
    buffers = [],
  }: {
    seed?: number
    count?: number
    classes?: number
    arithmetic?: Arithmetic
    precision?: Precision
    buffers?: readonly BufferSpec[]
  } = {},
): Promise<SmallNet> {
  const random = randomNumbers(seed)
  const net = new Supernet(specs, { arithmetic, precision, buffers })
  const flat = randomFloats(random, size(specs), 0.7)
  await net.write('parameters', flat)
  const images = randomFloats(random, count * input.channels * input.height * input.width, 2)
  const labels = Array.from({ length: count }, (_, i) => i % classes)
  const dataset = new Dataset({ images, labels: Int32Array.from(labels), ...input })
  const plan = net.compile(program)
  return {
    net,
    plan,
    dataset,
    indices: Int32Array.from(labels, (_, i) => i),
    batch: { images, labels },
    parameters: new Map([...byName(specs, flat)].map(([name, values]) => [name, Float64Array.from(values)])),
    [Symbol.dispose]() {
      plan.dispose()
      dataset.dispose()
      net.dispose()
    },
  }
}

/** Largest difference, relative to the largest expected magnitude (at least `floor`); NaN if there is a NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-3): number {
  if (actual.length !== expected.length) throw new Error(`Lengths ${actual.length} and ${expected.length} differ`)
  let worst = 0
  let scale = floor
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]))
    scale = Math.max(scale, Math.abs(expected[i]))
  }
  return worst / scale
}

/**
 * {@link relativeError} of each parameter's gradient. What norms cancel is noise: errors are compared with at least a
 * tenth of the largest gradient of all.
 */
export function gradientErrors(actual: Gradients, expected: Gradients): [name: string, error: number][] {
  const floor = 0.1 * Math.max(...[...expected.values()].flatMap((values) => [...values].map(Math.abs)))
  return [...expected].map(([name, values]) => [name, relativeError(actual.get(name) ?? [], values, floor)])
}

type Gradients = ReadonlyMap<string, Float32Array>

/** Root mean square of the differences, over that of the expected values; 0 where these are 0 but for rounding. */
export function rootMeanSquareError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`Lengths ${actual.length} and ${expected.length} differ`)
  let error = 0
  let size = 0
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2
    size += expected[i] ** 2
  }
  return Math.sqrt(error / (size + 1e-6 * expected.length))
}
