import { describe, expect, it } from 'vitest'
import { Dataset, Supernet } from '../../src/native/index.js'
import type { Program } from '../../src/programs/program.js'
import type { SearchSpace } from '../../src/spaces/index.js'
import { alone, auxiliaryLogits, fixture, fixtureImages, fixtureState, supernet } from '../support/darts-fixture.js'

const concat = (tensors: readonly Float32Array[]) => Float32Array.from(tensors.flatMap((tensor) => [...tensor]))

/** Largest difference between PyTorch's logits and those of a program with the fixture's weights and statistics. */
async function error(
  space: SearchSpace,
  program: Program,
  at: typeof fixture.supernet | typeof fixture.alone,
  values: readonly number[],
) {
  const buffers = space.buffers?.() ?? []
  const state = fixtureState(space.parameters(), buffers)
  using net = new Supernet(space.parameters(), { buffers })
  using data = new Dataset({ images: fixtureImages(at), labels: new Int32Array(at.batch), ...space.input })
  await net.write('parameters', concat(state.parameters))
  if (buffers.length > 0) await net.write('buffers', concat(state.buffers))
  using plan = net.compile(program)
  const found = await net.logits(
    plan,
    data,
    Int32Array.from({ length: at.batch }, (_, i) => i),
  )
  expect(found).toHaveLength(values.length)
  return Math.max(...values.map((value, i) => Math.abs(found[i] - value)))
}

describe('the addon computes what PyTorch does', () => {
  it.each(fixture.supernet.logits)('for path %# of the supernet of DARTS', async ({ genotype, values }) => {
    const program = supernet.program(supernet.decode(genotype))
    expect(await error(supernet, program, fixture.supernet, values)).toBeLessThan(1e-5)
  })

  it.each([
    ['', alone.program([]), fixture.alone.running],
    ['’s auxiliary head', auxiliaryLogits(alone.program([])), fixture.alone.auxiliary],
  ])('for a network of DARTS%s, by running statistics', async (_, program, values) => {
    expect(await error(alone, program, fixture.alone, values)).toBeLessThan(1e-5)
  })
})
