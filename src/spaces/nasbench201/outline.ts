import type { CellsOutline } from '../outline.js'
import type { Path } from '../space.js'
import { EDGES, NODES, NONE, OPERATIONS, withoutDeadEdges } from './cell.js'

/** The cell of a path: nodes are sums, edges are operations. */
export function cellOutline(path: Path): CellsOutline {
  const live = withoutDeadEdges(path)
  const carries = (node: number) =>
    EDGES.some(({ source, target }, edge) => live[edge] !== NONE && (source === node || target === node))
  const nodes = Array.from({ length: NODES }, (_, node) => {
    if (node === 0) return { label: 'input', role: 'input' } as const
    if (node === NODES - 1) return { label: 'output', role: 'output' } as const
    return { label: String(node), role: 'inner', dead: !carries(node) } as const
  })
  const edges = EDGES.map(({ source, target }, edge) => {
    const state = path[edge] === NONE ? 'none' : live[edge] === NONE ? 'dead' : undefined
    return { source, target, label: OPERATIONS[path[edge]], ...(state && ({ state } as const)) }
  })
  return { kind: 'cells', cells: [{ title: 'Cell', nodes, edges }] }
}
