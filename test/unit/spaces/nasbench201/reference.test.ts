import { describe, expect, it } from 'vitest'
import { scalarLogits } from '../../../support/scalar-reference.js'
import { byName } from '../../../support/state.js'
import { fixture, fixtureImages, fixtureWeights, space } from '../../../support/tiny-fixture.js'

/** No addon here: the programs that the space writes, run in float64 loops, against the network in PyTorch. */
describe('the program of', () => {
  const weights = byName(space.parameters(), fixtureWeights())
  const parameters = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]))

  it.each(fixture.logits)('path $path means what PyTorch computes', ({ path, values }) => {
    const logits = scalarLogits(space.program(path), parameters, { images: fixtureImages(), labels: fixture.labels })
    const error = Math.max(...values.map((value, i) => Math.abs(logits[i] - value)))
    expect(error).toBeLessThan(1e-7)
  })
})
