import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { PathImportance } from '../../../src/methods/path-importance.js'
import { type Program, parametersOf } from '../../../src/programs/program.js'
import { PathSampler } from '../../../src/sampling/paths.js'
import { costOf } from '../../../src/spaces/cost.js'
import { nasBench1Shot1, nasBench201, type SearchSpace } from '../../../src/spaces/index.js'

const SIZE = { channels: 4, cellsPerStage: 1, input: { channels: 1, height: 16, width: 12 }, classes: 3 }
const PER_CELL = { ...SIZE, sharing: 'perCell' } as const
const names = ['nasbench1shot1-1', 'nasbench1shot1-2', 'nasbench1shot1-3'] as const
const pairs: [string, SearchSpace, SearchSpace][] = [
  ['nasbench201', nasBench201(SIZE), nasBench201(PER_CELL)],
  ['affine nasbench201', nasBench201({ ...SIZE, affine: true }), nasBench201({ ...PER_CELL, affine: true })],
  ...names.map((name): [string, SearchSpace, SearchSpace] => [
    name,
    nasBench1Shot1(name, SIZE),
    nasBench1Shot1(name, PER_CELL),
  ]),
]

const used = (program: Program) => new Set(program.instructions.flatMap(parametersOf))
const sharedName = (name: string) =>
  name.replace(/\.edges\.\d<-\d\.|\._choice_blocks\.\d\.mixed_op\._ops\./, '.blocks.0.')

function somePaths(space: SearchSpace, count: number) {
  const sampler = PathSampler.uniform(space.choices)
  const random = RandomStream.named(4, space.name)
  return Array.from({ length: count }, () => sampler.draw(random))
}

describe.each(pairs)('%s with one copy of weights per cell', (_, separate, shared) => {
  it('has the parameters of one place for all, with their operations and initial values', () => {
    const distinct = new Map(separate.parameters().map((spec) => [sharedName(spec.name), spec]))
    const expected = [...distinct].map(([name, spec]) => ({ ...spec, name }))
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    expect([...shared.parameters()].sort(byName)).toEqual(expected.sort(byName))
  })

  it('computes the same, with shared names, and calls nothing idle that a live place uses', () => {
    let idle = 0
    for (const path of somePaths(shared, 300)) {
      const own = separate.program(path)
      const program = shared.program(path)
      const renamed = own.instructions.map((instruction) => ({
        ...instruction,
        ...('weight' in instruction && { weight: sharedName(instruction.weight) }),
        ...('bias' in instruction && instruction.bias !== undefined && { bias: sharedName(instruction.bias) }),
      }))
      expect(program.instructions).toEqual(renamed)
      const live = used(program)
      const expected = new Set(own.idle.map(sharedName).filter((name) => !live.has(name)))
      expect(new Set(program.idle)).toEqual(expected)
      idle += expected.size
    }
    expect(idle).toBeGreaterThan(0)
  })

  it('costs what the network costs that shares nothing', () => {
    for (const published of [false, true]) {
      const expected = costOf(separate, { published })
      const cost = costOf(shared, { published })
      for (const path of somePaths(shared, 30)) expect(cost(path)).toEqual(expected(path))
    }
  })

  it('has no importance per edge: a gradient is of several at once', () => {
    expect(new PathImportance(separate, true).values.some((value) => value !== 0)).toBe(false)
    expect(() => new PathImportance(shared, true)).toThrow(
      /^Expected a space whose edges have weights of their own for method\.perEdge but received nasbench1?\w+(-\d)? with cells\.0\.blocks\.0\./,
    )
  })
})

describe('the importance of an operation whose weights are shared', () => {
  it('is the norm of its gradients once per tensor, over the occurrences in the path', () => {
    const space = nasBench201(PER_CELL)
    const path = [3, 3, 2, 1, 0, 3]
    const program = space.program(path)
    const parameters = [...used(program), ...program.idle]
    const importance = new PathImportance(space, false)
    const norm = (name: string) => (/\.blocks\.0\.3\./.test(name) ? 6 : 1)
    importance.add(path, parameters, parameters.map(norm), 1)
    // Three cells of a weight and a bias each; three and one occurrences; halved, as the epoch starts from 0.
    expect([...importance.values]).toEqual([0, 0, (3 * 2) / 1 / 2, (3 * 2 * 6) / 3 / 2, 0])
  })
})
