import { describe, expect, it } from 'vitest'
import { enumeratePaths, nasBench201, type Path, spaceSize } from '../../../../src/spaces/index.js'
import { EDGES, NONE, OPERATIONS, SKIP } from '../../../../src/spaces/nasbench201/cell.js'

const space = nasBench201()
const all = [...enumeratePaths(space)]
const convolutions = (paths: Iterable<Path>) =>
  [...paths].flat().filter((operation) => OPERATIONS[operation].startsWith('nor_conv')).length

/**
 * The output of a cell as an expression that keeps what the values can tell apart: convolutions by edge, since each has
 * its own weights. Zero terms vanish; undefined is zero itself.
 */
function meaning(path: Path): string | undefined {
  const nodes: (string | undefined)[] = ['x']
  for (let node = 1; node < 4; node++) {
    const terms = EDGES.flatMap(({ target, source }, edge) => {
      const value = nodes[source]
      if (target !== node || path[edge] === NONE || value === undefined) return []
      if (path[edge] === SKIP) return [value]
      const name = OPERATIONS[path[edge]]
      return [name === 'avg_pool_3x3' ? `pool(${value})` : `${name}@${edge}(${value})`]
    })
    nodes.push(terms.length === 0 ? undefined : `[${terms.join('+')}]`)
  }
  return nodes[3]
}

/** What a cell computes but for the values of its weights: sums flattened and in one order, zero terms gone. */
function structure(path: Path): string {
  const nodes: string[][] = [['x']]
  for (let node = 1; node < 4; node++) {
    const terms = EDGES.flatMap(({ target, source }, edge) => {
      if (target !== node || path[edge] === NONE || nodes[source].length === 0) return []
      return path[edge] === SKIP ? nodes[source] : [`${OPERATIONS[path[edge]]}(${nodes[source].join('+')})`]
    })
    nodes.push(terms.sort())
  }
  return nodes[3].join('+')
}

describe('the paths of NAS-Bench-201', () => {
  it('are 15,625, of which 9,445 differ without dead edges and 6,466 are not isomorphic', () => {
    const live = new Map(all.map((path) => space.withoutDeadEdges(path)).map((path) => [path.join(), path]))
    expect(spaceSize(space)).toBe(15_625n)
    expect(all).toHaveLength(15_625)
    expect(live.size).toBe(9_445)
    expect(new Set(all.map((path) => space.isomorphismKey(path))).size).toBe(6_466)
    expect(convolutions(all)).toBe(37_500)
    expect(convolutions(live.values())).toBe(24_898)
  })
})

describe('withoutDeadEdges', () => {
  it('keeps what the cell computes, changes edges to none only, and leaves nothing more to remove', () => {
    for (const path of all) {
      const live = space.withoutDeadEdges(path)
      expect(meaning(live)).toBe(meaning(path))
      expect(live.every((operation, edge) => operation === path[edge] || operation === NONE)).toBe(true)
      for (const edge of live.keys()) {
        if (live[edge] !== NONE) expect(meaning(live.with(edge, NONE))).not.toBe(meaning(path))
      }
    }
  })

  it.each([
    ['a source without signal', [0, 3, 3, 3, 3, 3], [0, 3, 0, 3, 0, 3]],
    ['a target that never reaches the output', [3, 3, 3, 3, 0, 0], [0, 0, 0, 3, 0, 0]],
    ['no signal at all', [3, 0, 3, 0, 0, 3], [3, 0, 3, 0, 0, 3]],
    ['no way from input to output', [0, 0, 3, 0, 3, 3], [0, 0, 0, 0, 0, 0]],
    ['no dead edge', [3, 1, 2, 4, 3, 1], [3, 1, 2, 4, 3, 1]],
  ])('handles %s', (_, path, expected) => {
    expect(space.withoutDeadEdges(path)).toEqual(expected)
  })
})

describe('isomorphismKey', () => {
  it('follows the published rule', () => {
    expect(space.isomorphismKey([1, 1, 1, 1, 1, 1])).toBe('0+0+0+0')
    expect(space.isomorphismKey([3, 0, 2, 4, 1, 0])).toBe('#+(0)@avg_pool_3x3+(0)@nor_conv_3x3')
    expect(space.isomorphismKey([0, 3, 3, 0, 3, 1])).toBe('#+#+#+(0)@nor_conv_3x3')
  })

  it('is equal only for cells of one structure', () => {
    const structures = new Map<string, string>()
    for (const path of all) {
      const key = space.isomorphismKey(path)
      const known = structures.get(key)
      if (known === undefined) structures.set(key, structure(path))
      else expect(structure(path)).toBe(known)
    }
  })
})

describe('arch strings', () => {
  it('are those of NAS-Bench-201', () => {
    const text = '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_3x3~2|'
    expect(space.encode([3, 0, 1, 2, 4, 3])).toBe(text)
    expect(space.decode(text)).toEqual([3, 0, 1, 2, 4, 3])
  })

  it('come back as the path that was written', () => {
    for (const path of all) expect(space.decode(space.encode(path))).toEqual(path)
  })

  it.each([
    '',
    'nonsense',
    '|nor_conv_3x3~0|+|none~0|skip_connect~1|',
    '|none~0|+|none~0|none~0|+|none~0|none~1|none~2|',
    '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+',
  ])('of another form are refused: %s', (text) => {
    expect(() => space.decode(text)).toThrow(
      `Expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2| for an architecture of nasbench201 but received "${text}"`,
    )
  })

  it('with unknown operations are refused by edge', () => {
    const text = '|none~0|+|none~0|sep_conv~1|+|none~0|none~1|none~2|'
    expect(() => space.decode(text)).toThrow(
      `Expected none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3 for edge 2<-1 of "${text}" but received "sep_conv"`,
    )
  })
})
