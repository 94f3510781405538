/** Refuses tensors that would be left out of a network, which then computes something else. */
import { UserError } from '../base/errors.js'
import type { Tensor } from '../formats/safetensors.js'
import type { TrainedSpace } from '../methods/method.js'
import { listed, matchWeights } from './match.js'
import { recogniseNames } from './name-maps/index.js'

/** Statistics that no logits need where the space's batch norms use those of the batch. */
const STATISTICS = /\.running_(mean|var)$/

/**
 * Checks that the supernet and its method have a place for every tensor, except for what changes no logits: running
 * statistics of norms without any, counts of batches, architecture parameters.
 *
 * @param source Name of the tensors in messages.
 * @throws UserError that names tensors without a place.
 */
export function requireNoneLeft(
  { space, own }: TrainedSpace,
  tensors: ReadonlyMap<string, Tensor>,
  source: string,
): void {
  const specs = [...space.parameters(), ...(space.buffers?.() ?? [])]
  const map = recogniseNames([...tensors.keys()])
  const left = matchWeights(specs, tensors).left.filter(
    (name) => !own.has(name) && !STATISTICS.test(name) && map.unused?.(name) === undefined,
  )
  if (left.length === 0) return
  throw new UserError(`Expected tensors of ${space.name} only in ${source} but received ${listed('left over', left)}`)
}
