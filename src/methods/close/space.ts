import type { Tensor } from '../../formats/safetensors.js'
import type { BlockedSpace, Path, SearchSpace } from '../../spaces/space.js'
import { Gate } from './gate.js'

/**
 * The space as CLOSE trains it: weights in blocks, and every path with the block on each edge that the gate finds most
 * probable. `gate` is asked anew for every path.
 */
export function gatedSpace(space: SearchSpace, blocks: BlockedSpace, gate: () => Gate): SearchSpace {
  const program = (path: Path) => blocks.assigned(path, assignment(blocks, gate(), path))
  const { withBlocks: _, published: __, ...rest } = space
  return { ...rest, parameters: blocks.parameters, program, unshared: space.unshared ?? space }
}

/** The most probable block of each drawing edge; of equals the first. */
export function assignment(blocks: BlockedSpace, gate: Gate, path: Path): number[] {
  const graph = blocks.graph(path)
  if (gate.open === 1) return graph.edges.filter(({ draws }) => draws).map(() => 0)
  return gate.logits(graph).logits.map((logits) => logits.indexOf(Math.max(...logits)))
}

/** The space that a file of weights belongs to: `space` itself, or with blocks and the gate that are among them. */
export function spaceOfWeights(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): SearchSpace {
  const gate = Gate.fromTensors(space.operations.length, weights)
  if (gate === undefined || space.withBlocks === undefined) return space
  const numbers = [...weights.keys()].map((name) => Number(/\.blocks\.(\d+)\./.exec(name)?.[1] ?? 0))
  return gatedSpace(space, space.withBlocks(Math.max(...numbers) + 1), () => gate)
}
