import { type Cost, type ParameterShapes, PUBLISHED_CONVENTION, programCost } from '../programs/cost.js'
import type { ParameterSpec, Path, SearchSpace } from './space.js'

/**
 * Returns a function that counts the costs of paths of `space`. Every path counts as a network whose places share no
 * weights, even if they do in the supernet.
 *
 * @param published True to count the network as its benchmark publishes and trains it. Then {@link
 *   PUBLISHED_CONVENTION} applies, and parts count that the space leaves out of a supernet's programs. False to count
 *   the path in the supernet.
 */
export function costOf(space: SearchSpace, { published = false } = {}): (path: Path) => Cost {
  const counted = space.unshared ?? space
  const shapes = shapesOf(counted.parameters())
  if (!published) return (path) => programCost(counted.program(path), shapes)
  return (path) => {
    const network = counted.published?.(path) ?? { program: counted.program(path), parameters: counted.parameters() }
    // Networks of some spaces have the tensors of the supernet, others have their own.
    const own = network.parameters === counted.parameters() ? shapes : shapesOf(network.parameters)
    return programCost(network.program, own, PUBLISHED_CONVENTION)
  }
}

function shapesOf(parameters: readonly ParameterSpec[]): ParameterShapes {
  return new Map(parameters.map(({ name, shape }) => [name, shape]))
}
