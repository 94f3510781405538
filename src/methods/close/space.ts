import type { Tensor } from '../../formats/safetensors.js'
import type { BlockedSpace, Path, SearchSpace } from '../../spaces/space.js'
import type { TrainedSpace } from '../method.js'
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

/**
 * The space that a file of CLOSE's weights belongs to: with its blocks, and the gate that is among them. Undefined if
 * there is no gate. A space that has its blocks already stays as it is.
 */
export function closeTrainedSpace(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): TrainedSpace | undefined {
  const gate = Gate.fromTensors(space.operations.length, weights)
  if (gate === undefined) return undefined
  const own = new Set(gate.tensors().keys())
  if (space.withBlocks === undefined) return { space, own }
  return { space: gatedSpace(space, space.withBlocks(blockCount(weights)), () => gate), own }
}

/** More blocks than tensors are in no file: a damaged name is not to ask for them. */
function blockCount(weights: ReadonlyMap<string, unknown>): number {
  let count = 1
  for (const name of weights.keys()) {
    const block = Number(/\.blocks\.(\d+)\./.exec(name)?.[1] ?? 0)
    if (block < weights.size) count = Math.max(count, block + 1)
  }
  return count
}
