import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { scalars } from '../../src/base/shapes.js'
import type { Program } from '../../src/programs/program.js'
import { decodeGenotype } from '../../src/spaces/darts/genotype.js'
import { dartsNetwork } from '../../src/spaces/darts/genotype-network.js'
import { type BufferSpec, darts, type ParameterSpec } from '../../src/spaces/index.js'
import { randomFloats, randomNumbers } from './random.js'

interface Published {
  readonly count: number
  readonly parameters: string
  readonly buffers: string
}

/** Results of the networks in PyTorch and float64, and digests of names and shapes; from scripts/fixtures/darts.py. */
export const fixture: {
  readonly channels: number
  readonly cells: number
  readonly classes: number
  readonly seed: number
  readonly supernet: {
    readonly size: number
    readonly batch: number
    readonly parameters: string
    readonly logits: readonly { readonly genotype: string; readonly values: readonly number[] }[]
  }
  readonly alone: {
    readonly size: number
    readonly batch: number
    readonly genotype: string
    readonly parameters: string
    readonly buffers: string
    readonly running: readonly number[]
    readonly batchStatistics: readonly number[]
    readonly auxiliary: readonly number[]
  }
  readonly published: {
    readonly supernet: Omit<Published, 'buffers'>
    readonly DARTS_V1: Published
    readonly DARTS_V2: Published
  }
} = JSON.parse(readFileSync(new URL('../fixtures/darts-tiny.json', import.meta.url), 'utf8'))

const { channels, cells, classes, seed } = fixture

export const supernet = darts({ channels, cells, classes, input: image(fixture.supernet.size) })

export const alone = dartsNetwork(decodeGenotype(fixture.alone.genotype), {
  channels,
  cells,
  classes,
  input: image(fixture.alone.size),
  auxiliary: true,
})

/** The program with its one auxiliary output in place of its logits, so that evaluation computes it. */
export function auxiliaryLogits(program: Program): Program {
  const [auxiliary, ...others] = program.outputs.filter(({ role }) => role === 'auxiliary')
  if (others.length > 0) throw new Error(`Expected one auxiliary output but received ${1 + others.length}`)
  return { ...program, outputs: [{ ...auxiliary, role: 'logits' }] }
}

function image(size: number) {
  return { channels: 3, height: size, width: size }
}

export interface State {
  readonly parameters: Float32Array[]
  readonly buffers: Float32Array[]
}

/** Weights and statistics of the fixture, by tensor. Those of norms vary around their initial values. */
export function fixtureState(parameters: readonly ParameterSpec[], buffers: readonly BufferSpec[] = []): State {
  const random = randomNumbers(seed)
  const around = (centre: number, bound: number, shape: readonly number[]) => {
    return randomFloats(random, scalars(shape), bound).map((value) => value + centre)
  }
  return {
    parameters: parameters.map(({ shape, init }) =>
      init.kind === 'uniform' ? around(0, init.bound, shape) : around(init.kind === 'ones' ? 1 : 0, 0.5, shape),
    ),
    buffers: buffers.map(({ shape, init }) => around(init, 0.5, shape)),
  }
}

export function fixtureImages({ size, batch }: { size: number; batch: number }): Float32Array {
  return randomFloats(randomNumbers(seed + 1), batch * 3 * size ** 2, 2)
}

/** SHA-256 of the names and shapes of tensors, in order. */
export function digest(specs: readonly { readonly name: string; readonly shape: readonly number[] }[]): string {
  const lines = specs.map(({ name, shape }) => `${name} ${shape.join('x')}`)
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}
