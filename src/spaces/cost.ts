import { type Cost, type ParameterShapes, PUBLISHED_CONVENTION, programCost } from '../programs/cost.js'
import type { Path, SearchSpace } from './space.js'

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
  const shapes: ParameterShapes = new Map(counted.parameters().map(({ name, shape }) => [name, shape]))
  if (!published) return (path) => programCost(counted.program(path), shapes)
  return (path) => programCost(counted.published?.(path) ?? counted.program(path), shapes, PUBLISHED_CONVENTION)
}
