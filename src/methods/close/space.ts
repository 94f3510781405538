import type { Tensor } from '../../formats/safetensors.js'
import type { BlockedSpace, Path, SearchSpace } from '../../spaces/space.js'
import type { TrainedSpace } from '../method.js'
import { Gate } from './gate.js'

/**
 * The space as CLOSE trains it: weights are in blocks, and each edge of a path uses the block that the gate finds most
 * probable. `gate` is called again for every path.
 */
export function gatedSpace(space: SearchSpace, blocks: BlockedSpace, gate: () => Gate): SearchSpace {
  const program = (path: Path) => blocks.assigned(path, assignment(blocks, gate(), path))
  const { withBlocks: _, published: __, ...rest } = space
  return { ...rest, parameters: blocks.parameters, program, unshared: space.unshared ?? space }
}

/** Most probable block of each drawing edge; the first one if several are equally probable. */
export function assignment(blocks: BlockedSpace, gate: Gate, path: Path): number[] {
  const graph = blocks.graph(path)
  if (gate.open === 1) return graph.edges.filter(({ draws }) => draws).map(() => 0)
  return gate.logits(graph).logits.map((logits) => logits.indexOf(Math.max(...logits)))
}

/**
 * The space of a file of CLOSE's weights: with the blocks and the gate in the file. Undefined if the file has no gate.
 * A space that has its blocks already stays as it is.
 */
export function closeTrainedSpace(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): TrainedSpace | undefined {
  const gate = Gate.fromTensors(space.operations.length, weights)
  if (gate === undefined) return undefined
  const own = new Set(gate.tensors().keys())
  if (space.withBlocks === undefined) return { space, own }
  return { space: gatedSpace(space, space.withBlocks(blockCount(weights)), () => gate), own }
}

/** Number of blocks in a file. Ignores block numbers above the number of tensors, which come from damaged names. */
function blockCount(weights: ReadonlyMap<string, unknown>): number {
  let count = 1
  for (const name of weights.keys()) {
    const block = Number(/\.blocks\.(\d+)\./.exec(name)?.[1] ?? 0)
    if (block < weights.size) count = Math.max(count, block + 1)
  }
  return count
}
