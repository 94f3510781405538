import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Cost, PUBLISHED_CONVENTION, programCost } from '../../../src/programs/cost.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import { costOf } from '../../../src/spaces/cost.js'
import { nasBench201, type Path, parsePath } from '../../../src/spaces/index.js'

interface Counted {
  readonly channels: number
  readonly cellsPerStage: number
  readonly input: readonly [number, number, number]
  readonly classes: number
  readonly path: Path
  readonly published: Cost
  readonly supernet: Cost
}

const fixture: Counted[] = JSON.parse(readFileSync(new URL('../../fixtures/cost.json', import.meta.url), 'utf8'))

describe('costOf', () => {
  it.each(fixture)(
    'counts what PyTorch counts: C=$channels, $path',
    ({ input, path, published, supernet, ...rest }) => {
      const [channels, height, width] = input
      const space = nasBench201({ ...rest, input: { channels, height, width } })
      expect(costOf(space)(path)).toEqual(supernet)
      expect(costOf(space, { published: true })(path)).toEqual(published)
    },
  )

  // Entries of the published table, the first six of networks with dead edges; scripts/check/nasbench201-cost.mjs
  // compares all.
  it.each([
    ['|none~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_1x1~1|avg_pool_3x3~2|', 0.587],
    ['|nor_conv_1x1~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|', 0.157],
    ['|none~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|nor_conv_1x1~2|', 0.372],
    ['|avg_pool_3x3~0|+|none~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|none~2|', 0.101],
    ['|none~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_1x1~2|', 0.372],
    ['|none~0|+|none~0|none~1|+|none~0|none~1|none~2|', 0.073],
    ['|skip_connect~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|skip_connect~1|nor_conv_1x1~2|', 0.344],
    ['|skip_connect~0|+|skip_connect~0|nor_conv_3x3~1|+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_3x3~2|', 0.615],
    ['|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|nor_conv_1x1~1|nor_conv_3x3~2|', 0.587],
    ['|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|nor_conv_3x3~0|nor_conv_1x1~1|avg_pool_3x3~2|', 0.83],
    ['|nor_conv_1x1~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|nor_conv_3x3~1|nor_conv_1x1~2|', 0.4],
    ['|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|nor_conv_1x1~0|none~1|skip_connect~2|', 0.372],
  ])("has NAS-Bench-201's parameters for %s", (arch, millions) => {
    const space = nasBench201()
    const { parameters } = costOf(space, { published: true })(parsePath(space, arch))
    expect(Number((parameters / 1e6).toFixed(3))).toBe(millions)
  })

  it('counts the parameters of affine norms where the supernet has them, and publishes the same network', () => {
    const plain = nasBench201({ channels: 4, cellsPerStage: 1 })
    const affine = nasBench201({ channels: 4, cellsPerStage: 1, affine: true })
    const path = [3, 2, 4, 1, 3, 2]
    // Two per channel of stem, of two norms in each of two residual blocks, and of the head; and no biases in the blocks.
    const more = 2 * (4 + 2 * 8 + 2 * 16 + 16) - (2 * 8 + 2 * 16)
    expect(costOf(affine)(path).parameters).toBe(costOf(plain)(path).parameters + more)
    expect(costOf(affine)(path).multiplyAdds).toBe(costOf(plain)(path).multiplyAdds)
    expect(costOf(affine, { published: true })(path)).toEqual(costOf(plain, { published: true })(path))
  })

  it('counts equal costs for paths that differ in dead edges only, unless published', () => {
    const space = nasBench201({ channels: 4, cellsPerStage: 1 })
    const dead = [3, 1, 0, 2, 0, 3]
    const live = space.withoutDeadEdges(dead)
    expect(costOf(space)(dead)).toEqual(costOf(space)(live))
    expect(costOf(space, { published: true })(dead).parameters).toBeGreaterThan(
      costOf(space, { published: true })(live).parameters,
    )
  })
})

describe('programCost', () => {
  const shapes = new Map([
    ['a', [6, 3, 3, 3]],
    ['a.bias', [6]],
    ['b', [6, 6, 1, 1]],
    ['head', [2, 6]],
    ['head.bias', [2]],
  ])
  /** A strided convolution, a pointwise one that is used twice, a pool, a sum, and the head. */
  function example(dead: boolean) {
    const builder = new ProgramBuilder()
    const x = builder.input({ channels: 3, height: 8, width: 4 })
    const a = builder.conv2d(x, { weight: 'a', bias: 'a.bias', channels: 6, kernel: 3, stride: 2 })
    const norm = builder.batchNorm(a)
    const b = builder.conv2d(norm, { weight: 'b', channels: 6, kernel: 1 })
    const again = builder.conv2d(builder.relu(b), { weight: 'b', channels: 6, kernel: 1 })
    const sum = builder.add([norm, again, builder.avgPool2d(b, { kernel: 3 })])
    if (dead) builder.batchNorm(builder.conv2d(a, { weight: 'b', channels: 6, kernel: 1 }))
    const pooled = builder.globalAvgPool(sum)
    return builder.finish(builder.linear(pooled, { weight: 'head', bias: 'head.bias', features: 2 }))
  }

  it('counts shared weights once as parameters and each time as work', () => {
    // Maps of 6 × 4 × 2 = 48 elements, 8 positions.
    const multiplyAdds = 8 * 162 + 2 * 8 * 36 + 12
    const flops = 2 * multiplyAdds + 48 + 2 * 48 + 9 * 48 + 2 * 48 + 48 + 2
    expect(programCost(example(false), shapes)).toEqual({ parameters: 162 + 6 + 36 + 12 + 2, multiplyAdds, flops })
  })

  it('leaves out dead instructions, unless they are asked for', () => {
    const live = programCost(example(false), shapes)
    expect(programCost(example(true), shapes)).toEqual(live)
    const all = programCost(example(true), shapes, { dead: true })
    expect(all.multiplyAdds - live.multiplyAdds).toBe(8 * 36)
    expect(all.flops - live.flops).toBe(2 * 8 * 36 + 2 * 48)
  })

  it('takes a bias away only where nothing but batch norms reads it', () => {
    const { parameters } = programCost(example(false), shapes)
    expect(programCost(example(false), shapes, { affineNorms: true }).parameters).toBe(parameters + 12)
    expect(programCost(example(false), shapes, { noBiasBeforeNorms: true }).parameters).toBe(parameters - 6)
    // In the network with the dead convolution, that convolution reads the value too.
    expect(programCost(example(true), shapes, { noBiasBeforeNorms: true }).parameters).toBe(parameters - 6)
    expect(programCost(example(true), shapes, PUBLISHED_CONVENTION).parameters).toBe(parameters + 2 * 12)
  })

  it('names a parameter without a shape', () => {
    expect(() => programCost(example(false), new Map())).toThrow('Expected a shape for parameter a but received none')
  })
})
