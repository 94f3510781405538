import { UserError } from '../base/errors.js'
import type { TruthSource } from '../evaluation/events.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { enumeratePaths } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { AccuracyByHash } from './accuracy-by-hash.js'

/** Accuracies by hash; a Map has these members too. */
type Accuracies = Pick<AccuracyByHash, 'get' | 'has' | 'size'>

/**
 * Accuracies by the isomorphism keys of a space, such as NAS-Bench-101's for NAS-Bench-1Shot1. `paths` and `best` list
 * the whole space when they are first read, which takes seconds for a million paths.
 */
export class GroundTruthByHash implements GroundTruth {
  readonly size: number
  readonly #space: SearchSpace
  readonly #keyOf: (path: Path) => string
  readonly #table: Accuracies
  #paths: readonly Path[] | undefined
  #best: GroundTruth['best'] | undefined

  /**
   * `table` has accuracies in 0…1, and errors call it `file`. Throws a UserError for a space whose isomorphism keys are
   * missing or are no hashes of 32 hexadecimal digits.
   */
  constructor(
    space: SearchSpace,
    table: Accuracies,
    file: string,
    readonly source?: TruthSource,
  ) {
    // A space may be an object of a class.
    const keyOf = space.isomorphismKey?.bind(space)
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

  /** The paths of the table without dead edges: paths that differ in dead edges only occur once. */
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
