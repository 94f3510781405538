import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { costOf } from '../../../../src/spaces/cost.js'
import { mbConvFixtures } from '../../../support/mbconv-fixture.js'
import { scalarLogits } from '../../../support/scalar-reference.js'

/** Relative to the largest logit. */
const error = (found: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(found[i] - value))) / Math.max(...expected.map(Math.abs))

const digest = (specs: readonly { readonly name: string }[]) =>
  createHash('sha256')
    .update(specs.map((spec) => spec.name).join('\n'))
    .digest('hex')

/** No addon here: the programs that the spaces write, run in float64 loops, against PyTorch. */
describe.each(mbConvFixtures)('$name', ({ costs, tiny, full, space, images, labels, ...state }) => {
  it.each(costs)('costs what hooks on PyTorch’s modules count: $arch', ({ arch, ...cost }) => {
    expect(costOf(full)(full.decode(arch))).toEqual(cost)
  })

  it('has the names of PyTorch’s parameters and buffers, in its order', () => {
    expect(digest(space.parameters())).toBe(tiny.digests.parameters)
    expect(digest(space.buffers())).toBe(tiny.digests.buffers)
  })

  it.each(tiny.paths)('$arch means what PyTorch computes, by either statistics', ({ arch, evaluation, training }) => {
    const program = space.program(space.decode(arch))
    const parameters = new Map([...state.parameters].map(([name, values]) => [name, Float64Array.from(values)]))
    const running = state.buffers
    expect(error(scalarLogits(program, parameters, { images, labels, running }), evaluation)).toBeLessThan(1e-8)
    expect(error(scalarLogits(program, parameters, { images, labels }), training)).toBeLessThan(1e-8)
  })
})
