import { describe, expect, it } from 'vitest'
import { checkGradient } from '../../../src/conformance/gradient-check.js'
import type { Batch, Supernet } from '../../../src/native/index.js'
import type { ParameterSpec } from '../../../src/spaces/space.js'

/** A “supernet” of two parameters a and b whose loss is Σ a²/2 + Σ |b|, with gradients that are off by a factor. */
function fake(factors: { a: number; b: number }) {
  const init = { kind: 'zeros' } as const
  const specs: ParameterSpec[] = [
    { name: 'a', shape: [3], init, operation: 1 },
    { name: 'b', shape: [2], init },
  ]
  const state = { parameters: Float32Array.of(1, -2, 0.5, 1, -1), gradients: new Float32Array(5) }
  const supernet = {
    specs,
    read: async (kind: 'parameters' | 'gradients') => state[kind].slice(),
    write: async (kind: 'parameters' | 'gradients', values: Float32Array) => {
      state[kind] = values.slice()
    },
    accumulate: async () => {
      const w = state.parameters
      for (let i = 0; i < 5; i++) state.gradients[i] += i < 3 ? factors.a * w[i] : factors.b * Math.sign(w[i])
      const loss = w.reduce((sum, value, i) => sum + (i < 3 ? value ** 2 / 2 : Math.abs(value)), 0)
      return { loss, correct: 0, importance: new Float32Array() }
    },
  }
  return { supernet: supernet as unknown as Supernet, state }
}

const plan = { parameters: ['a', 'b'] }
const batch = {} as Batch

describe('checkGradient', () => {
  it('finds nothing where gradients are right, and leaves weights as they were and gradients at zero', async () => {
    const { supernet, state } = fake({ a: 1, b: 1 })
    expect(await checkGradient(supernet, plan, batch)).toBeUndefined()
    expect([...state.parameters]).toEqual([1, -2, 0.5, 1, -1])
    expect([...state.gradients]).toEqual([0, 0, 0, 0, 0])
  })

  it.each([
    ['weights of operation 1', { a: 1.1, b: 1 }],
    ['weights of no operation', { a: 1, b: -1 }],
  ])('finds wrong gradients of %s', async (whose, factors) => {
    expect(await checkGradient(fake(factors).supernet, plan, batch)).toMatch(`for ${whose} but received`)
  })

  it('asks only for parameters of the plan', async () => {
    expect(await checkGradient(fake({ a: 2, b: 1 }).supernet, { parameters: ['b'] }, batch)).toBeUndefined()
  })
})
