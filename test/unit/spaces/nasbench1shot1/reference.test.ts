import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CELL_SPACES, type CellSpaceNumber } from '../../../../src/spaces/nasbench1shot1/cell.js'
import { nasBench1Shot1Network } from '../../../../src/spaces/nasbench1shot1/network.js'
import { decodeCell } from '../../../../src/spaces/nasbench1shot1/notation.js'
import { randomFloats, randomNumbers } from '../../../support/random.js'
import { scalarLogits } from '../../../support/scalar-reference.js'

/** Written by scripts/fixtures/nasbench1shot1.py: the network in PyTorch and float64. */
const fixture: {
  readonly channels: number
  readonly size: number
  readonly batch: number
  readonly classes: number
  readonly seed: number
  readonly parameters: readonly string[]
  readonly spaces: readonly {
    readonly space: CellSpaceNumber
    readonly logits: readonly { readonly cell: string; readonly values: readonly number[] }[]
  }[]
} = JSON.parse(readFileSync(new URL('../../../fixtures/nasbench1shot1-tiny.json', import.meta.url), 'utf8'))

const { channels, size, batch, classes, seed } = fixture
const input = { channels: 3, height: size, width: size }
const options = { channels, cellsPerStage: 1, input, classes }

/** No addon here: the programs that the network writes, run in float64 loops, against PyTorch. */
describe.each(fixture.spaces)('the supernet of space $space', ({ space, logits }) => {
  const network = nasBench1Shot1Network(CELL_SPACES[space], options)
  const random = randomNumbers(seed)
  const parameters = new Map(
    network.parameters().map(({ name, shape, init }) => {
      const length = shape.reduce((product, extent) => product * extent, 1)
      return [name, Float64Array.from(randomFloats(random, length, init.kind === 'uniform' ? init.bound : 0))]
    }),
  )
  const images = randomFloats(randomNumbers(seed + 1), batch * 3 * size ** 2, 2)
  const labels = new Array<number>(batch).fill(0)

  it.each(logits)('$cell means what PyTorch computes', ({ cell, values }) => {
    const found = scalarLogits(network.program(decodeCell(CELL_SPACES[space], cell)), parameters, { images, labels })
    const error = Math.max(...values.map((value, i) => Math.abs(found[i] - value)))
    expect(error).toBeLessThan(1e-7)
  })
})

describe('parameters', () => {
  it('have the names and the order of PyTorch’s', () => {
    const names = nasBench1Shot1Network(CELL_SPACES[3], options)
      .parameters()
      .map((spec) => spec.name)
    expect(names).toEqual(fixture.parameters)
  })
})
