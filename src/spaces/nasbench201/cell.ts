/**
 * The NAS-Bench-201 cell as a graph (Dong and Yang, 2020): four nodes and six edges, each with one of five operations.
 * Pure functions of a path: notation, dead edges, isomorphism.
 */
import { expected } from '../../base/errors.js'
import type { Path } from '../space.js'

export const OPERATIONS = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const

export const NONE = 0
export const SKIP = 1
export const CONV_1X1 = 2
export const CONV_3X3 = 3
export const POOL = 4

export const NODES = 4

/** The edges, in the order of every path. Targets ascend, so one sweep over them visits the nodes topologically. */
export const EDGES = [
  { target: 1, source: 0 },
  { target: 2, source: 0 },
  { target: 2, source: 1 },
  { target: 3, source: 0 },
  { target: 3, source: 1 },
  { target: 3, source: 2 },
] as const

const ARCHITECTURE = /^\|([^|~]*)~0\|\+\|([^|~]*)~0\|([^|~]*)~1\|\+\|([^|~]*)~0\|([^|~]*)~1\|([^|~]*)~2\|$/
const INDEX: ReadonlyMap<string, number> = new Map(OPERATIONS.map((name, index) => [name, index]))

/** The arch string of NAS-Bench-201: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`. */
export function encodeArchitecture(path: Path): string {
  const [a, b, c, d, e, f] = path.map((operation) => OPERATIONS[operation])
  return `|${a}~0|+|${b}~0|${c}~1|+|${d}~0|${e}~1|${f}~2|`
}

/** Reads an arch string; throws a UserError for a string of another form or an unknown operation. */
export function decodeArchitecture(text: string): Path {
  const match = ARCHITECTURE.exec(text)
  if (match === null) {
    throw expected('|op~0|+|op~0|op~1|+|op~0|op~1|op~2|', 'an architecture of nasbench201', `"${text}"`, 2)
  }
  return EDGES.map(({ target, source }, edge) => {
    const name = match[edge + 1]
    const operation = INDEX.get(name)
    if (operation === undefined) {
      throw expected(OPERATIONS.join(', '), `edge ${target}<-${source} of "${text}"`, `"${name}"`, 2)
    }
    return operation
  })
}

/**
 * The path with `none` in place of every dead edge. An edge is dead if its source carries no signal or its target never
 * reaches node 3. A convolution of zeros is a constant per channel, which batch normalization turns to zero. The 15,625
 * paths have 9,445 distinct results. Two paths with the same result compute the same function.
 */
export function withoutDeadEdges(path: Path): Path {
  const signal = [true, false, false, false]
  const reaches = [false, false, false, true]
  for (let edge = 0; edge < EDGES.length; edge++) {
    if (path[edge] !== NONE && signal[EDGES[edge].source]) signal[EDGES[edge].target] = true
  }
  for (let edge = EDGES.length - 1; edge >= 0; edge--) {
    if (path[edge] !== NONE && reaches[EDGES[edge].target]) reaches[EDGES[edge].source] = true
  }
  return path.map((operation, edge) => (signal[EDGES[edge].source] && reaches[EDGES[edge].target] ? operation : NONE))
}

/**
 * Key of the isomorphism class as Zhou et al. (ECCV 2022) count them: 6,466 classes. Terms that carry no signal stay in
 * the key as "#". Without them more paths would share a class than in the publication.
 */
export function isomorphismKey(path: Path): string {
  const keys = ['0']
  for (let node = 1; node < NODES; node++) {
    const terms: string[] = []
    for (let edge = 0; edge < EDGES.length; edge++) {
      if (EDGES[edge].target === node) terms.push(term(path[edge], keys[EDGES[edge].source]))
    }
    keys.push(terms.sort().join('+'))
  }
  return keys[NODES - 1]
}

function term(operation: number, source: string): string {
  if (operation === NONE || source === '#') return '#'
  return operation === SKIP ? source : `(${source})@${OPERATIONS[operation]}`
}
