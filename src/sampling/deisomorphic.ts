/**
 * De-isomorphic sampling (Ning et al., NeurIPS 2021): paths that compute the same function up to the names of nodes form
 * a class, and each class counts once. Drawing paths uniformly prefers large classes, which are mostly those of small
 * networks.
 */
import { UserError } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import { enumeratePaths, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { PathSource } from './paths.js'

/** Spaces of more paths are never listed as a whole. */
export const LISTABLE_PATHS = 2_000_000

/**
 * The first of `paths` of each isomorphism class, in their order.
 *
 * @param setting What asks for classes, for the error.
 * @throws UserError for a space without an isomorphism rule.
 */
export function firstOfEachClass(space: SearchSpace, paths: Iterable<Path>, setting: string): Path[] {
  if (space.isomorphismKey === undefined) {
    throw new UserError(
      `Expected a space with an isomorphism rule for ${setting} but received ${space.name}, which has none`,
      2,
    )
  }
  const representatives = new Map<string, Path>()
  for (const path of paths) {
    const key = space.isomorphismKey(path)
    if (!representatives.has(key)) representatives.set(key, path)
  }
  return [...representatives.values()]
}

/**
 * Draws each isomorphism class with the same probability, always by the same path: its first in lexicographic order.
 * Immutable. Making one reads the key of every path of the space, which takes some seconds for the 1.3 million paths of
 * NAS-Bench-1Shot1-3 and a fraction of one elsewhere.
 */
export class DeIsomorphicSampler implements PathSource {
  /** One path per class: 6,466 in NAS-Bench-201. */
  readonly representatives: readonly Path[]

  /** Throws a UserError for a space without an isomorphism rule, or with too many paths to list. */
  constructor(space: SearchSpace, setting = 'method.sampling') {
    const size = spaceSize(space)
    if (space.isomorphismKey !== undefined && size > LISTABLE_PATHS) {
      const wanted = `a space of at most ${LISTABLE_PATHS.toLocaleString('en-US')} paths for ${setting}`
      throw new UserError(`Expected ${wanted} but received ${space.name} with ${Number(size).toPrecision(3)}`, 2)
    }
    this.representatives = firstOfEachClass(space, enumeratePaths(space), setting)
  }

  draw(random: RandomStream): Path {
    return this.representatives[random.integer(this.representatives.length)]
  }
}
