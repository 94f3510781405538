import { UserError } from '../base/errors.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { enumeratePaths } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { AccuracyByHash } from './accuracy-by-hash.js'

/** By hash, as a Map has them too. */
type Accuracies = Pick<AccuracyByHash, 'get' | 'has' | 'size'>

/**
 * Accuracies that are listed under the isomorphism keys of a space, as NAS-Bench-101's are for NAS-Bench-1Shot1. Which
 * paths have one shows only when the space is listed, so that waits until somebody asks: seconds for a million paths.
 */
export class GroundTruthByHash implements GroundTruth {
  readonly size: number
  readonly #space: SearchSpace
  readonly #keyOf: (path: Path) => string
  readonly #table: Accuracies
  #paths: readonly Path[] | undefined
  #best: GroundTruth['best'] | undefined

  /**
   * `table` has accuracies in 0…1; `file` is what errors call it. Throws a UserError for a space without isomorphism
   * keys or with others than the table's.
   */
  constructor(space: SearchSpace, table: Accuracies, file: string) {
    const keyOf = space.isomorphismKey
    const [first] = enumeratePaths(space)
    if (keyOf === undefined || !/^[0-9a-f]{32}$/.test(keyOf(first))) {
      throw new UserError(`Expected a column "arch" in ${file} but received hashes, which ${space.name} does not have`)
    }
    this.#space = space
    this.#keyOf = keyOf
    this.#table = table
    this.size = table.size
  }

  accuracy(path: Path): number | undefined {
    const fraction = this.#table.get(this.#keyOf(path))
    return fraction === undefined ? undefined : 100 * fraction
  }

  /** Those of the table's paths that differ in more than what cannot change the output. */
  get paths(): readonly Path[] {
    this.#paths ??= [...this.#covered()]
    return this.#paths
  }

  get best(): GroundTruth['best'] {
    if (this.#best === undefined) {
      let best: GroundTruth['best'] | undefined
      for (const path of this.#covered()) {
        const accuracy = this.accuracy(path)!
        if (best === undefined || accuracy > best.accuracy) best = { path, accuracy }
      }
      if (best === undefined)
        throw new UserError(`Expected an architecture of ${this.#space.name} in the table but received none`)
      this.#best = best
    }
    return this.#best
  }

  *#covered(): Generator<Path> {
    for (const path of enumeratePaths(this.#space)) {
      const live = this.#space.withoutDeadEdges?.(path) ?? path
      if (live.every((option, c) => option === path[c]) && this.#table.has(this.#keyOf(path))) yield path
    }
  }
}
