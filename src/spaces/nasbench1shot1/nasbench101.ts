/**
 * The modules of NAS-Bench-101 (Ying et al., ICML 2019): directed acyclic graphs. The first vertex is the input, the
 * last one the output, and every other vertex applies one of three operations. The benchmark lists accuracies by a hash
 * of the pruned graph, which is equal for isomorphic modules (Ying, 2019, “Enumerating unique computational graphs”).
 */
import { hash } from 'node:crypto'

/** Number of each vertex label in the hash. */
const LABELS = { input: -1, 'conv3x3-bn-relu': 0, 'conv1x1-bn-relu': 1, maxpool3x3: 2, output: -2 } as const

export type ModuleOperation = keyof typeof LABELS

/** A module of V vertices. */
export interface Module {
  /** V×V, strictly upper triangular: `matrix[a][b]` is 1 if vertex a feeds vertex b, and 0 otherwise. */
  readonly matrix: readonly (readonly number[])[]
  /** By vertex; the first is `input`, the last `output`. */
  readonly operations: readonly ModuleOperation[]
}

/**
 * The module without the vertices that lie on no path from input to output, which cannot change the output. The others
 * keep their order. Undefined if no path leads from input to output. Throws a RangeError for an invalid module.
 */
export function pruneModule(module: Module): Module | undefined {
  checkModule(module)
  const { matrix, operations } = module
  const count = operations.length
  const reached = new Array<boolean>(count).fill(false)
  const reaches = new Array<boolean>(count).fill(false)
  reached[0] = true
  reaches[count - 1] = true
  // Edges ascend, so one sweep in either direction follows every path.
  for (let vertex = 1; vertex < count; vertex++) {
    for (let source = 0; source < vertex; source++) {
      if (matrix[source][vertex] === 1 && reached[source]) reached[vertex] = true
    }
  }
  for (let vertex = count - 2; vertex >= 0; vertex--) {
    for (let target = vertex + 1; target < count; target++) {
      if (matrix[vertex][target] === 1 && reaches[target]) reaches[vertex] = true
    }
  }
  if (!reached[count - 1]) return undefined
  const kept = [...operations.keys()].filter((vertex) => reached[vertex] && reaches[vertex])
  if (kept.length === count) return module
  return {
    matrix: kept.map((source) => kept.map((target) => matrix[source][target])),
    operations: kept.map((vertex) => operations[vertex]),
  }
}

/**
 * Key of a module in NAS-Bench-101: 32 hexadecimal digits, the hash of the pruned module. Throws a RangeError for a
 * module without a path from input to output, which the benchmark does not contain.
 */
export function moduleHash(module: Module): string {
  return hashPruned(prunedOrThrow(module))
}

/**
 * {@link moduleHash} with a cache. Cells whose loose ends differ prune to the same module, many others to isomorphic
 * ones, and each hash takes dozens of MD5 sums.
 */
export function moduleHasher(): (module: Module) => string {
  const known = new Map<string, string>()
  return (module) => {
    const pruned = prunedOrThrow(module)
    const key = keyOf(pruned)
    let found = known.get(key)
    if (found === undefined) {
      const sorted = keyOf(sortVertices(pruned))
      found = known.get(sorted) ?? hashPruned(pruned)
      known.set(key, found).set(sorted, found)
    }
    return found
  }
}

/** A key that is equal for modules that are equal vertex by vertex. */
function keyOf({ matrix, operations }: Module): string {
  return `${matrix}${operations}`
}

/**
 * The graph with its vertices sorted by operation and degrees. This only renumbers vertices: most isomorphic modules
 * become equal, and others never do. Edges need no longer ascend.
 */
function sortVertices({ matrix, operations }: Module): Module {
  const features = operations.map((operation, vertex) => {
    const targets = matrix[vertex].reduce((sum, edge) => sum + edge, 0)
    const sources = matrix.reduce((sum, row) => sum + row[vertex], 0)
    return 100 * LABELS[operation] + 10 * targets + sources
  })
  const order = [...operations.keys()].sort((a, b) => features[a] - features[b])
  return {
    matrix: order.map((source) => order.map((target) => matrix[source][target])),
    operations: order.map((vertex) => operations[vertex]),
  }
}

/**
 * Starts with a hash of the degrees and the label of each vertex. It mixes in the hashes of the neighbors for as many
 * rounds as there are vertices, so that the result depends on the whole graph. The strings are those of the original
 * Python program, whose tuples and lists print with spaces and quotes.
 */
function hashPruned({ matrix, operations }: Module): string {
  const vertices = [...operations.keys()]
  const sources = vertices.map((vertex) => vertices.filter((source) => matrix[source][vertex] === 1))
  const targets = vertices.map((vertex) => vertices.filter((target) => matrix[vertex][target] === 1))
  let hashes = vertices.map((vertex) =>
    md5(`(${targets[vertex].length}, ${sources[vertex].length}, ${LABELS[operations[vertex]]})`),
  )
  for (let round = 0; round < vertices.length; round++) {
    const before = hashes
    const sorted = (neighbors: readonly number[]) => neighbors.map((vertex) => before[vertex]).sort()
    hashes = vertices.map((vertex) =>
      md5(`${sorted(sources[vertex]).join('')}|${sorted(targets[vertex]).join('')}|${before[vertex]}`),
    )
  }
  const list = hashes.sort().map((digits) => `'${digits}'`)
  return md5(`[${list.join(', ')}]`)
}

function md5(text: string): string {
  return hash('md5', text)
}

function prunedOrThrow(module: Module): Module {
  const pruned = pruneModule(module)
  if (pruned !== undefined) return pruned
  throw new RangeError('Expected a path from input to output of a NAS-Bench-101 module but received none')
}

function checkModule({ matrix, operations }: Module): void {
  const count = operations.length
  const last = count - 1
  const labelled = operations.every((operation, vertex) => {
    if (vertex === 0) return operation === 'input'
    if (vertex === last) return operation === 'output'
    return operation !== 'input' && operation !== 'output' && Object.hasOwn(LABELS, operation)
  })
  if (count < 2 || !labelled) {
    throw new RangeError(
      `Expected input, known operations and output for a NAS-Bench-101 module but received ${operations}`,
    )
  }
  const square = matrix.length === count && matrix.every((row) => row.length === count)
  const triangular = matrix.every((row, source) =>
    row.every((entry, target) => entry === 0 || (entry === 1 && target > source)),
  )
  if (!square || !triangular) {
    throw new RangeError(
      `Expected ${count}×${count} zeros and ones above the diagonal for a NAS-Bench-101 module but received ` +
        JSON.stringify(matrix),
    )
  }
}
