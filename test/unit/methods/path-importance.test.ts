import { describe, expect, it } from 'vitest'
import { PathImportance } from '../../../src/methods/path-importance.js'
import { parametersOf } from '../../../src/programs/program.js'
import {
  darts,
  encodeGenotype,
  type Genotype,
  nasBench201,
  nasBenchMacro,
  type Path,
  type SearchSpace,
} from '../../../src/spaces/index.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 } })
const CELLS = [0, 2, 4]

/** Norms of all parameters that a path samples: what `norm` gives for its convolutions, 1000 for everything else. */
function step(path: readonly number[], norm: (cell: number, edge: string, operation: number, kind: string) => number) {
  const program = space.program(path)
  const names = program.instructions.flatMap((instruction) =>
    'weight' in instruction ? [instruction.weight, ...(instruction.bias ? [instruction.bias] : [])] : [],
  )
  const parameters = [...names, ...program.idle]
  const norms = parameters.map((name) => {
    const match = /^cells\.(\d+)\.edges\.(\d<-\d)\.(\d)\.op\.1\.(\w+)$/.exec(name)
    return match === null ? 1000 : norm(Number(match[1]), match[2], Number(match[3]), match[4])
  })
  return { parameters, norms }
}

describe('PathImportance', () => {
  it('sums weight and bias norms over cells and edges, divides by occurrences, averages with what was', () => {
    const importance = new PathImportance(space, false)
    const path = [3, 3, 2, 1, 0, 3]
    const { parameters, norms } = step(
      path,
      (_, __, operation, kind) => (operation === 3 ? 3 : 2) + (kind === 'bias' ? 0.5 : 0),
    )
    importance.add(path, parameters, norms, 1)
    // Per occurrence: three cells, each ‖∇W‖ + ‖∇b‖.
    const conv3 = CELLS.length * 6.5
    const conv1 = CELLS.length * 4.5
    expect([...importance.values]).toEqual([0, 0, conv1 / 2, conv3 / 2, 0])
    importance.add([3, 1, 1, 1, 1, 1], ...args(step([3, 1, 1, 1, 1, 1], () => 1)), 0.5)
    expect([...importance.values]).toEqual([0, 0, conv1 / 2, (conv3 / 2 + CELLS.length) / 2, 0])
  })

  it('counts occurrences on dead edges, whose gradients are zero', () => {
    // Edge 1←0 is dead: node 1 goes nowhere.
    const path = [3, 0, 0, 3, 0, 0]
    const importance = new PathImportance(space, false)
    const { parameters, norms } = step(path, (_, edge) => (edge === '1<-0' ? 0 : 1))
    expect(parameters).toContain('cells.0.edges.1<-0.3.op.1.weight')
    importance.add(path, parameters, norms, 1)
    expect(importance.values[3]).toBe((CELLS.length * 2) / 2 / 2)
  })

  it('counts the occurrences that have weights', () => {
    // Identities of NAS-Bench-Macro have weights in the layers 1, 3 and 6, which are strided.
    const macro = nasBenchMacro({ channels: 4 })
    const importance = new PathImportance(macro, false)
    const add = (path: Path) => importance.add(path, ...allOnes(macro, path), 1)
    add([0, 1, 1, 1, 1, 1, 1, 1])
    // Weight of a convolution, scale and shift of a norm.
    expect(importance.values[0]).toBe(3 / 2)
    // Nothing is learned of an operation by a step without its weights.
    add([1, 0, 1, 1, 1, 1, 1, 1])
    expect(importance.values[0]).toBe(3 / 2)
    importance.reset()
    add([0, 0, 1, 1, 0, 1, 1, 0])
    expect(importance.values[0]).toBe(3 / 2)
    add([0, 0, 0, 1, 0, 1, 1, 0])
    expect(importance.values[0]).toBe((3 / 2 + 6 / 2) / 2)
  })

  it('counts all occurrences where connections decide on weights, in steps in which one has some', () => {
    const space = darts({ channels: 4, cells: 3 })
    const importance = new PathImportance(space, false)
    const skip = space.operations.indexOf('skip_connect')
    const edges = (operation: string) =>
      Array.from({ length: 4 }, (_, i) => [
        [operation, 0],
        ['sep_conv_3x3', 1 + (i && 1)],
      ])
    const reads = edges('max_pool_3x3').flat()
    const pathOf = (normal: unknown[], reduce: unknown[]) =>
      space.decode(encodeGenotype({ normal, reduce } as unknown as Genotype))
    const add = (path: Path) => importance.add(path, ...allOnes(space, path), 1)
    add(pathOf(edges('skip_connect').flat(), reads))
    expect(importance.values[skip]).toBe(0)
    add(pathOf(reads, edges('skip_connect').flat()))
    const [first] = importance.values.slice(skip)
    expect(first).toBeGreaterThan(0)
    add(pathOf(edges('skip_connect').flat(), reads))
    expect(importance.values[skip]).toBe(first)
  })

  it('keeps importances per edge apart', () => {
    const importance = new PathImportance(space, true)
    const path = [3, 3, 2, 1, 0, 3]
    const { parameters, norms } = step(path, (cell, edge, _, kind) => (kind === 'bias' ? 0 : cell + Number(edge[0])))
    importance.add(path, parameters, norms, 1)
    const values = Array.from({ length: 6 }, (_, edge) => [...importance.values.subarray(5 * edge, 5 * edge + 5)])
    const sum = (target: number) => CELLS.reduce((total, cell) => total + cell + target, 0)
    expect(values).toEqual([
      [0, 0, 0, sum(1) / 2, 0],
      [0, 0, 0, sum(2) / 2, 0],
      [0, 0, sum(2) / 2, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, sum(3) / 2, 0],
    ])
  })

  it('starts every epoch from 0', () => {
    const importance = new PathImportance(space, false)
    importance.add([3, 3, 3, 3, 3, 3], ...args(step([3, 3, 3, 3, 3, 3], () => 1)), 1)
    importance.reset()
    expect([...importance.values]).toEqual([0, 0, 0, 0, 0])
  })
})

/** The parameters of a path in the order of the space, each with a norm of one. */
function allOnes(space: SearchSpace, path: Path): [string[], number[]] {
  const names = new Set(space.parameters().map(({ name }) => name))
  const parameters = [...new Set(space.program(path).instructions.flatMap(parametersOf))].filter((name) =>
    names.has(name),
  )
  return [parameters, parameters.map(() => 1)]
}

function args({ parameters, norms }: ReturnType<typeof step>): [string[], number[]] {
  return [parameters, norms]
}
