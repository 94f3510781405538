import type { CellsOutline } from '../outline.js'
import { type Cell, liveNodes } from './cell.js'
import { NAMES } from './notation.js'

/** The cell as NAS-Bench-101 draws it: nodes have the operations. */
export function cellOutline({ parents, operations }: Cell): CellsOutline {
  const live = liveNodes(parents)
  const inner = operations.map((operation, i) => ({
    label: NAMES[operation],
    role: 'inner' as const,
    dead: !live[i + 1],
  }))
  const edges = parents.flatMap((sources, target) =>
    sources.map((source) => ({ source, target, ...(!live[target] && { state: 'dead' as const }) })),
  )
  const nodes = [{ label: 'input', role: 'input' as const }, ...inner, { label: 'output', role: 'output' as const }]
  return { kind: 'cells', cells: [{ title: 'Cell', nodes, edges }] }
}
