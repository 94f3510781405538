import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { checkGradient } from '../../../src/conformance/gradient-check.js'
import type { Batch, Supernet } from '../../../src/native/index.js'
import type { ParameterSpec } from '../../../src/spaces/space.js'

const WEIGHTS = [1, -2, 0.5, 1, -1, 0.1, 0.2]
/** The gradient of the loss Σ a²/2 + Σ |b| + 2 Σ c of parameters a, b and c. */
const GRADIENT = [1, -2, 0.5, 1, -1, 2, 2]

/** A “supernet” with that loss, whose gradient is each right one times a factor. */
function fake(factors: readonly number[] = []) {
  const init = { kind: 'zeros' } as const
  const specs: ParameterSpec[] = [
    { name: 'a', shape: [3], init, operation: 1 },
    { name: 'b', shape: [2], init },
    { name: 'c', shape: [2], init, operation: 1 },
  ]
  const state = {
    parameters: Float32Array.from(WEIGHTS),
    gradients: new Float32Array(7),
    buffers: Float32Array.of(0.5),
  }
  const supernet = {
    specs,
    read: async (kind: keyof typeof state) => state[kind].slice(),
    write: async (kind: keyof typeof state, values: Float32Array) => {
      state[kind] = values.slice()
    },
    accumulate: async () => {
      state.buffers[0] += 1
      const w = state.parameters
      const right = w.map((value, i) => (i < 3 ? value : i < 5 ? Math.sign(value) : 2))
      for (const [i, value] of right.entries()) state.gradients[i] += (factors[i] ?? 1) * value
      const totalLoss = w.reduce((sum, value, i) => sum + (i < 3 ? value ** 2 / 2 : value * GRADIENT[i]), 0)
      return { totalLoss }
    },
  }
  return { supernet: supernet as unknown as Supernet, state }
}

const check = (supernet: Supernet, parameters = ['a', 'b', 'c']) =>
  checkGradient(supernet, { parameters }, {} as Batch, RandomStream.named(0, 'directions'))

describe('checkGradient', () => {
  it('finds nothing where gradients are right, leaves all as it was, and gradients at zero', async () => {
    const { supernet, state } = fake()
    expect(await check(supernet)).toBeUndefined()
    expect(state.parameters).toEqual(Float32Array.from(WEIGHTS))
    expect(state.gradients).toEqual(new Float32Array(7))
    expect(state.buffers).toEqual(Float32Array.of(0.5))
  })

  it.each([
    ['too large', 'of operation 1', [1.1, 1.1, 1.1, 1, 1, 1.1, 1.1]],
    ['of the other sign', 'of no operation', [1, 1, 1, -1, -1]],
    ['without a parameter', 'of operation 1', [0, 0, 0]],
    ['without a part of a parameter', 'of operation 1', [1, 0]],
    ['all zero', 'of no operation', [1, 1, 1, 0, 0]],
  ])('finds gradients that are wrong: %s', async (_, whose, factors) => {
    expect(await check(fake(factors).supernet)).toMatch(
      new RegExp(`^Expected a change of the loss by \\S+ for weights ${whose} but received \\S+$`),
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('finds gradients that are not finite: %s', async (factor) => {
    expect(await check(fake([1, factor]).supernet)).toBe(
      `Expected finite gradients for weights of operation 1 but received ${factor}`,
    )
  })

  it('asks only for parameters of the plan', async () => {
    expect(await check(fake([2, 2, 2]).supernet, ['b'])).toBeUndefined()
  })

  it('leaves the weights as they were if a step fails', async () => {
    const { supernet, state } = fake()
    const { accumulate } = supernet
    let steps = 0
    supernet.accumulate = async (...args) => {
      if (++steps === 3) throw new Error('out of memory')
      return accumulate(...args)
    }
    await expect(check(supernet)).rejects.toThrow('out of memory')
    expect(state.parameters).toEqual(Float32Array.from(WEIGHTS))
    expect(state.gradients).toEqual(new Float32Array(7))
  })
})
