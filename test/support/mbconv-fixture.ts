import { readFileSync } from 'node:fs'
import { scalars } from '../../src/base/shapes.js'
import type { Cost } from '../../src/programs/cost.js'
import { nasBenchMacro, proxylessNas, type SearchSpace } from '../../src/spaces/index.js'
import { randomFloats, randomNumbers } from './random.js'

/** Costs and logits of a space in PyTorch, the small space in float64; from scripts/fixtures/mbconv.py. */
interface Fixture {
  readonly costs: readonly (Cost & { readonly arch: string })[]
  readonly tiny: {
    readonly options: object
    readonly input: readonly [channels: number, height: number, width: number]
    readonly classes: number
    readonly batch: number
    readonly seed: number
    /** SHA-256 of the names, one per line, in PyTorch's order. */
    readonly digests: { readonly parameters: string; readonly buffers: string }
    readonly paths: readonly TinyPath[]
  }
}

export interface TinyPath {
  readonly arch: string
  /** Logits in evaluation, by running statistics: batch × classes. */
  readonly evaluation: readonly number[]
  /** Logits in training, by the batch's statistics. */
  readonly training: readonly number[]
  /** Cross-entropy of `training`; image i has the label i mod classes. */
  readonly loss: number
  /** L2 norm of the gradient of all parameters. */
  readonly gradientNorm: number
}

const FACTORIES = { proxylessnas: proxylessNas, 'nasbench-macro': nasBenchMacro } as const

type Name = keyof typeof FACTORIES

const fixtures: Readonly<Record<Name, Fixture>> = JSON.parse(
  readFileSync(new URL('../fixtures/mbconv-spaces.json', import.meta.url), 'utf8'),
)

/** Both fixtures, each with its full space, its small one, and the small one's state and images. */
export const mbConvFixtures = (Object.keys(FACTORIES) as Name[]).map((name) => {
  const { costs, tiny } = fixtures[name]
  const [channels, height, width] = tiny.input
  const input = { channels, height, width }
  const space = FACTORIES[name]({ ...tiny.options, input, classes: tiny.classes })
  return {
    name,
    costs,
    tiny,
    full: FACTORIES[name](),
    space,
    input,
    parameters: parametersOf(space, tiny.seed),
    buffers: buffersOf(space, tiny.seed + 2),
    images: randomFloats(randomNumbers(tiny.seed + 1), tiny.batch * channels * height * width, 2),
    labels: Array.from({ length: tiny.batch }, (_, i) => i % tiny.classes),
  }
})

/**
 * Values of the parameters by name, in the order of the space: around 0 in ±1/√(fan-in) for convolutions and the
 * classifier, in ±0.5 for norms, whose scales are around 1.
 */
function parametersOf(space: SearchSpace, seed: number): Map<string, Float32Array> {
  const random = randomNumbers(seed)
  const shapes = new Map(space.parameters().map(({ name, shape }) => [name, shape]))
  const numbers = space.parameters().map(({ name, shape, init }) => {
    const weight = name.startsWith('classifier.') ? shapes.get('classifier.weight')! : shape
    const bound = weight.length > 1 ? 1 / Math.sqrt(scalars(weight.slice(1))) : 0.5
    const values = randomFloats(random, scalars(shape), bound)
    return [name, init.kind === 'ones' ? values.map((value) => 1 + value) : values] as const
  })
  return new Map(numbers)
}

function buffersOf(space: SearchSpace, seed: number): Map<string, Float32Array> {
  const random = randomNumbers(seed)
  const numbers = (space.buffers?.() ?? []).map(({ name, shape, init }) => {
    const length = scalars(shape)
    // Means in ±0.1, variances in 0.1…0.3.
    if (init === 0) return [name, randomFloats(random, length, 0.1)] as const
    return [name, randomFloats(random, length, 0.1).map((value) => 0.2 + value)] as const
  })
  return new Map(numbers)
}
