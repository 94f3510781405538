import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Module,
  type ModuleOperation,
  moduleHash,
  moduleHasher,
  pruneModule,
} from '../../../../src/spaces/nasbench1shot1/nasbench101.js'

/** Written by scripts/fixtures/nasbench101.py: hashes as Python computes them. */
const fixture: {
  readonly modules: readonly (Module & { readonly hash: string })[]
} = JSON.parse(readFileSync(new URL('../../../fixtures/nasbench101-hashes.json', import.meta.url), 'utf8'))

const MIDDLE = ['maxpool3x3', 'conv3x3-bn-relu', 'conv1x1-bn-relu'] as const

function moduleOf(middle: readonly ModuleOperation[], edges: readonly (readonly [number, number])[]): Module {
  const operations = ['input', ...middle, 'output'] as const
  const matrix = operations.map(() => operations.map(() => 0))
  for (const [source, target] of edges) matrix[source][target] = 1
  return { matrix, operations }
}

/** Random modules of two to seven vertices. */
const modules = fc.integer({ min: 0, max: 5 }).chain((count) => {
  const pairs = Array.from({ length: count + 2 }, (_, b) => Array.from({ length: b }, (_, a) => [a, b] as const)).flat()
  return fc
    .tuple(fc.array(fc.constantFrom(...MIDDLE), { minLength: count, maxLength: count }), fc.subarray(pairs))
    .map(([middle, edges]) => moduleOf(middle, edges))
})

/** Every path from the input to the output, found by walking. */
function paths({ matrix }: Module, vertex = 0): number[][] {
  if (vertex === matrix.length - 1) return [[vertex]]
  return matrix[vertex].flatMap((edge, next) =>
    edge === 1 ? paths({ matrix, operations: [] }, next).map((rest) => [vertex, ...rest]) : [],
  )
}

describe('pruneModule', () => {
  it('keeps exactly the vertices on a path from input to output, and the edges between them', () => {
    fc.assert(
      fc.property(modules, (module) => {
        const kept = [...new Set(paths(module).flat())].sort()
        const expected = {
          matrix: kept.map((a) => kept.map((b) => module.matrix[a][b])),
          operations: kept.map((vertex) => module.operations[vertex]),
        }
        expect(pruneModule(module)).toEqual(kept.length === 0 ? undefined : expected)
      }),
    )
  })

  it.each([
    [
      'no output',
      {
        matrix: [
          [0, 1],
          [0, 0],
        ],
        operations: ['input', 'maxpool3x3'],
      },
      /but received input,maxpool3x3$/,
    ],
    ['one vertex', { matrix: [[0]], operations: ['input'] }, /but received input$/],
    ['an unknown operation', moduleOf(['toString' as 'maxpool3x3'], []), /but received input,toString,output$/],
    ['an output within', moduleOf(['output'], []), /but received input,output,output$/],
    [
      'an edge back',
      {
        matrix: [
          [0, 1],
          [1, 0],
        ],
        operations: ['input', 'output'],
      },
      /received \[\[0,1\],\[1,0\]\]$/,
    ],
    [
      'an edge of 2',
      {
        matrix: [
          [0, 2],
          [0, 0],
        ],
        operations: ['input', 'output'],
      },
      /^Expected 2×2 zeros and ones /,
    ],
    ['a short row', { matrix: [[0, 1], [0]], operations: ['input', 'output'] }, /^Expected 2×2 zeros and ones /],
    [
      'a row too many',
      {
        matrix: [
          [0, 1],
          [0, 0],
          [0, 0],
        ],
        operations: ['input', 'output'],
      },
      /^Expected 2×2 zeros /,
    ],
  ])('refuses %s', (_, module, message) => {
    expect(() => pruneModule(module as Module)).toThrow(RangeError)
    expect(() => pruneModule(module as Module)).toThrow(message)
  })
})

describe('moduleHash', () => {
  it.each(fixture.modules)('of $operations is what Python computes: $hash', ({ hash, ...module }) => {
    expect(moduleHash(module)).toBe(hash)
    expect(moduleHasher()(module)).toBe(hash)
  })

  it('is that of the pruned module, and the same with and without memory', () => {
    const remembered = moduleHasher()
    fc.assert(
      fc.property(modules, (module) => {
        const pruned = pruneModule(module)
        fc.pre(pruned !== undefined)
        const hash = moduleHash(pruned)
        expect(hash).toMatch(/^[0-9a-f]{32}$/)
        expect([moduleHash(module), remembered(module), remembered(module)]).toEqual([hash, hash, hash])
      }),
    )
  })

  it('tells operations and edges apart', () => {
    const chain = [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const
    const hashes = MIDDLE.flatMap((a) => MIDDLE.map((b) => moduleHash(moduleOf([a, b], chain))))
    hashes.push(moduleHash(moduleOf(['maxpool3x3', 'maxpool3x3'], [...chain, [0, 3]])))
    expect(new Set(hashes).size).toBe(10)
  })

  it('refuses a module without a path from input to output', () => {
    const module = moduleOf(['maxpool3x3'], [[0, 1]])
    for (const hash of [moduleHash, moduleHasher()]) {
      expect(() => hash(module)).toThrow(
        'Expected a path from input to output of a NAS-Bench-101 module but received none',
      )
    }
  })
})
