import { describe, expect, it } from 'vitest'
import { programCost } from '../../../src/programs/cost.js'
import { logitsOf, withoutAuxiliary } from '../../../src/programs/outputs.js'
import type { Program } from '../../../src/programs/program.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import { subModelNames } from '../../../src/weights/sub-model.js'

const IMAGE = { channels: 3, height: 4, width: 4 }
const CLASSES = 2

/** A trunk, a convolution that nothing reads, an auxiliary head if asked for, and a classifier. */
function network(heads: number): Program {
  const builder = new ProgramBuilder()
  const conv = (name: string, channels: number) =>
    builder.conv2d(trunk, { weight: `${name}.weight`, channels, kernel: 3 })
  const linear = (name: string) => {
    const x = builder.globalAvgPool(conv(name, 4))
    return builder.linear(x, { weight: `${name}.linear`, bias: `${name}.bias`, features: CLASSES })
  }
  const trunk = builder.relu(builder.input(IMAGE))
  const auxiliary = Array.from({ length: heads }, (_, i) => ({ value: linear(`aside${i}`), weight: 0.4 }))
  conv('dead', 5)
  builder.idle(['idle'])
  return builder.finish(linear('main'), auxiliary)
}

describe('withoutAuxiliary', () => {
  it.each([1, 2])('leaves out what only %i auxiliary outputs need, and no dead edges', (heads) => {
    expect(withoutAuxiliary(network(heads))).toEqual(network(0))
  })

  it('returns a program without auxiliary outputs as it is', () => {
    const program = network(0)
    expect(withoutAuxiliary(program)).toBe(program)
  })

  it('keeps an auxiliary output that the logits need', () => {
    const builder = new ProgramBuilder()
    const aside = builder.globalAvgPool(builder.input(IMAGE))
    const program = builder.finish(builder.relu(aside), [{ value: aside, weight: 1 }])
    expect(withoutAuxiliary(program)).toEqual({
      ...program,
      outputs: [{ value: 2, role: 'logits', weight: 1 }],
    })
  })
})

describe('auxiliary outputs', () => {
  const shapes = new Map(
    ['main', 'aside0', 'dead'].flatMap((name) => [
      [`${name}.weight`, [name === 'dead' ? 5 : 4, 3, 3, 3]],
      [`${name}.linear`, [CLASSES, 4]],
      [`${name}.bias`, [CLASSES]],
    ]),
  )

  it.each([{}, { dead: true }])('cost nothing: %o', (convention) => {
    expect(programCost(network(1), shapes, convention)).toEqual(programCost(network(0), shapes, convention))
  })

  it('are in no sub-model', () => {
    const names = subModelNames({ program: () => network(1) } as never, [])
    expect([...names].sort()).toEqual(['dead.weight', 'idle', 'main.bias', 'main.linear', 'main.weight'])
  })

  it('have the shape of the logits and a weight', () => {
    const builder = new ProgramBuilder()
    const image = builder.input(IMAGE)
    const pooled = builder.globalAvgPool(image)
    expect(() => builder.finish(pooled, [{ value: image, weight: 1 }])).toThrow(
      'Expected shape 3×1×1 for an auxiliary output but received 3×4×4',
    )
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => builder.finish(pooled, [{ value: pooled, weight }])).toThrow(
        `Expected a number of at least 0 for the weight of an output but received ${weight}`,
      )
    }
  })
})

describe('logitsOf', () => {
  it('needs exactly one output with that role', () => {
    const { outputs } = network(1)
    expect(logitsOf({ outputs })).toBe(outputs[0].value)
    const refused = (given: Program['outputs'], received: string | number) =>
      expect(() => logitsOf({ outputs: given })).toThrow(
        `Expected one output with the role logits for a program but received ${received}`,
      )
    refused([outputs[1]], 'none')
    refused([outputs[0], outputs[0]], 2)
  })
})
