import { readFileSync } from 'node:fs'
import { scalars } from '../../src/base/shapes.js'
import { nasBench201 } from '../../src/spaces/nasbench201/nasbench201.js'
import type { Path } from '../../src/spaces/space.js'
import { randomFloats, randomNumbers } from './random.js'

/** Training and logits of the supernet in PyTorch and float64; from scripts/fixtures/nasbench201.py. */
interface Fixture {
  readonly channels: number
  readonly size: number
  readonly classes: number
  readonly seed: number
  readonly labels: readonly number[]
  readonly sgd: { learningRate: number; momentum: number; weightDecay: number; clipNorm: number }
  readonly parameters: readonly string[]
  readonly logits: readonly { path: Path; values: readonly number[] }[]
  readonly training: Readonly<Record<'skip' | 'decay', { steps: readonly Step[]; gradientVariance: Variance }>>
}
export interface Step {
  readonly path: Path
  readonly loss: number
  readonly correct: number
  readonly sampleImportance: readonly number[]
  /** Norms before clipping; null for parameters that the path does not sample. */
  readonly gradientNorms: readonly (number | null)[]
  readonly globalNorm: number
  readonly operationImportance: Readonly<Record<string, number>>
  readonly parameterNorms: readonly number[]
}
export interface Variance {
  readonly value: number
  readonly timesSampled: readonly number[]
  readonly meanVariance: readonly number[]
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/nasbench201-tiny.json', import.meta.url), 'utf8'),
)

const { learningRate, momentum, weightDecay, clipNorm } = fixture.sgd
/** The fixture's optimizer, as options of a step. */
export const fixtureRates = { learningRate, optimizer: { kind: 'sgd', momentum, weightDecay }, clipNorm } as const
export const input = { channels: 3, height: fixture.size, width: fixture.size }
export const space = nasBench201({ channels: fixture.channels, cellsPerStage: 1, input, classes: fixture.classes })

/** The fixture's batch of images. */
export function fixtureImages(): Float32Array {
  return randomFloats(randomNumbers(fixture.seed + 1), fixture.labels.length * 3 * fixture.size ** 2, 2)
}

/** The fixture's initial weights, in the order of the space's parameters. */
export function fixtureWeights(): Float32Array {
  const random = randomNumbers(fixture.seed)
  const weights = space.parameters().flatMap(({ shape, init }) => {
    return [...randomFloats(random, scalars(shape), init.kind === 'uniform' ? init.bound : 0)]
  })
  return Float32Array.from(weights)
}
