import type { CellOutline, CellsOutline } from '../outline.js'
import { edgesInto, type Genotype, type GenotypeCell, NODES } from './genotype.js'

/** Both cells, with nodes named as in the pictures of DARTS: 0…3 between the inputs and the output. */
export function genotypeOutline({ normal, reduce }: Genotype): CellsOutline {
  return { kind: 'cells', cells: [cellOutline('Normal cell', normal), cellOutline('Reduction cell', reduce)] }
}

function cellOutline(title: string, cell: GenotypeCell): CellOutline {
  const output = 2 + NODES.length
  return {
    title,
    nodes: [
      { label: 'c_{k-2}', role: 'input' },
      { label: 'c_{k-1}', role: 'input' },
      ...NODES.map((node) => ({ label: String(node - 2), role: 'inner' as const })),
      { label: 'c_{k}', role: 'output' },
    ],
    edges: [
      ...NODES.flatMap((target) => edgesInto(cell, target).map(([label, source]) => ({ source, target, label }))),
      ...NODES.map((source) => ({ source, target: output })),
    ],
  }
}
