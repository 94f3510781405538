/**
 * De-isomorphic sampling (Ning et al., NeurIPS 2021). Paths that compute the same function up to the names of nodes
 * form a class, and each class counts once. Uniform sampling prefers large classes, mostly of small networks.
 */
import { expected } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import { enumeratePaths, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { PathSource } from './paths.js'

/** Largest number of paths of a space that is listed completely. */
export const LISTABLE_PATHS = 2_000_000

/**
 * The first path of each isomorphism class in `paths`, in their order.
 *
 * @param setting Setting that needs the classes, for the error.
 * @throws UserError for a space without an isomorphism rule.
 */
export function firstOfEachClass(space: SearchSpace, paths: Iterable<Path>, setting: string): Path[] {
  if (space.isomorphismKey === undefined) {
    throw expected('a space with an isomorphism rule', setting, `${space.name}, which has none`, 2)
  }
  const representatives = new Map<string, Path>()
  for (const path of paths) {
    const key = space.isomorphismKey(path)
    if (!representatives.has(key)) representatives.set(key, path)
  }
  return [...representatives.values()]
}

/**
 * Draws each isomorphism class with the same probability, always as its first path in lexicographic order. Immutable.
 * The constructor computes the key of every path. This takes some seconds for the 1.3 million paths of
 * NAS-Bench-1Shot1-3, and a fraction of a second elsewhere.
 */
export class DeIsomorphicSampler implements PathSource {
  /** One path per class: 6,466 in NAS-Bench-201. */
  readonly representatives: readonly Path[]

  /** Throws a UserError for a space without an isomorphism rule, or with too many paths to list. */
  constructor(space: SearchSpace, setting = 'method.sampling') {
    const size = spaceSize(space)
    if (space.isomorphismKey !== undefined && size > LISTABLE_PATHS) {
      const wanted = `a space of at most ${LISTABLE_PATHS.toLocaleString('en-US')} paths`
      throw expected(wanted, setting, `${space.name} with ${Number(size).toPrecision(3)}`, 2)
    }
    this.representatives = firstOfEachClass(space, enumeratePaths(space), setting)
  }

  draw(random: RandomStream): Path {
    return this.representatives[random.integer(this.representatives.length)]
  }
}
