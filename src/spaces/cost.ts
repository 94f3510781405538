import { type Cost, type ParameterShapes, PUBLISHED_CONVENTION, programCost } from '../programs/cost.js'
import type { Path, SearchSpace } from './space.js'

/**
 * A function that counts paths of `space`: as networks whose places share no weights, whatever they do in the supernet.
 *
 * @param published Count the network as its benchmark publishes and trains it, by {@link PUBLISHED_CONVENTION} and with what the
 *   space leaves out of a supernet's programs, instead of the path in the supernet.
 */
export function costOf(space: SearchSpace, { published = false } = {}): (path: Path) => Cost {
  const counted = space.unshared ?? space
  const shapes: ParameterShapes = new Map(counted.parameters().map(({ name, shape }) => [name, shape]))
  if (!published) return (path) => programCost(counted.program(path), shapes)
  return (path) => programCost(counted.published?.(path) ?? counted.program(path), shapes, PUBLISHED_CONVENTION)
}
