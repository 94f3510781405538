import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { inputsOf, type Program } from '../../../src/programs/program.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import { Taps } from '../../../src/programs/taps.js'
import { PathSampler } from '../../../src/sampling/paths.js'
import {
  darts,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  proxylessNas,
  type SearchSpace,
} from '../../../src/spaces/index.js'
import { Expressions, interpret } from '../../support/expressions.js'

const candidates = (space: SearchSpace) =>
  space.parameters().flatMap(({ name, operation }) => (operation === undefined ? [] : [name]))

const slotsOf = ({ instructions }: Program) => instructions.flatMap((each) => (each.op === 'tap' ? [each.slot] : []))

/** What is computed at each slot. */
function atSlots(program: Program, e: Expressions): Map<number, number> {
  return new Map(
    program.instructions.flatMap((each, value) =>
      each.op === 'tap' ? [[each.slot, interpret(program, e, value)] as const] : [],
    ),
  )
}

describe('Taps', () => {
  it.each([nasBench201(), nasBench1Shot1('nasbench1shot1-1'), darts(), proxylessNas(), nasBenchMacro()])(
    'are at both ends of every candidate convolution of $name, in slots of its own, and change nothing',
    (space) => {
      const weights = new Set(candidates(space))
      const taps = new Taps(weights)
      const sampler = PathSampler.uniform(space.choices)
      const random = RandomStream.named(6, 'paths')
      /** Weights by slot, over all paths. */
      const owners = new Map<number, string>()
      for (let i = 0; i < 20; i++) {
        const program = space.program(sampler.draw(random))
        const tapped = taps.insert(program)
        const e = new Expressions()
        expect(interpret(tapped, e)).toBe(interpret(program, e))
        expect(tapped.idle).toEqual(program.idle)
        const convolutions = program.instructions.filter((each) => each.op === 'conv2d' && weights.has(each.weight))
        const slots = slotsOf(tapped)
        expect(new Set(slots).size).toBe(slots.length)
        expect(slots).toHaveLength(2 * convolutions.length)
        // What a convolution computes tells whose slots they are.
        const values = atSlots(tapped, e)
        for (const [id, each] of program.instructions.entries()) {
          if (each.op !== 'conv2d' || !weights.has(each.weight)) continue
          const source = program.instructions[each.input]
          const before = source.op === 'relu' || source.op === 'relu6' ? source.input : each.input
          const readers = program.instructions.flatMap((other, r) => (inputsOf(other).includes(id) ? [r] : []))
          const normed = readers.length === 1 && program.instructions[readers[0]].op === 'batchNorm'
          const input = interpret(program, e, before)
          const output = interpret(program, e, normed ? readers[0] : id)
          const own = slots.filter(
            (slot) => slot % 2 === 0 && values.get(slot) === input && values.get(slot + 1) === output,
          )
          const slot = own.find((slot) => (owners.get(slot) ?? each.weight) === each.weight)
          expect(slot, each.weight).toBeDefined()
          owners.set(slot!, each.weight)
        }
      }
    },
  )

  it('tell the uses of a weight apart, and leave other weights alone', () => {
    const x = { channels: 2, height: 4, width: 4 }
    const write = (times: number) => {
      const builder = new ProgramBuilder()
      let value = builder.conv2d(builder.input(x), { weight: 'other', channels: 2, kernel: 3 })
      for (let i = 0; i < times; i++) value = builder.conv2d(value, { weight: 'shared', channels: 2, kernel: 1 })
      const features = builder.globalAvgPool(value)
      return builder.finish(builder.linear(features, { weight: 'w', bias: 'b', features: 2 }))
    }
    const taps = new Taps(['shared'])
    expect(slotsOf(taps.insert(write(0)))).toEqual([])
    expect(slotsOf(taps.insert(write(1)))).toEqual([0, 1])
    // The first convolution's output is the second's input.
    expect(slotsOf(taps.insert(write(2)))).toEqual([0, 1, 2, 3])
    expect(slotsOf(taps.insert(write(1)))).toEqual([0, 1])
  })
})

describe('ProgramBuilder.tap', () => {
  it('refuses slots that are none', () => {
    const builder = new ProgramBuilder()
    const x = builder.input({ channels: 1, height: 1, width: 1 })
    for (const slot of [-1, 0.5]) {
      expect(() => builder.tap(x, { slot })).toThrow(
        `Expected a whole number of at least 0 for the slot of tap but received ${slot}`,
      )
    }
  })
})
