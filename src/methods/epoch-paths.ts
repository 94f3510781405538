import { FairPathSampler } from '../sampling/fair-paths.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { choicesByParameter } from './candidate-parameters.js'
import type { MethodContext, MethodState } from './method.js'

/**
 * The paths of a step: drawn anew, or those of the epoch's first step again. The latter is what the released baselines
 * of PA&DA do, whose list of permutations is never emptied within an epoch while its first entries are used.
 */
export class EpochPaths {
  readonly #draw: () => Path[]
  readonly #keep: boolean
  #kept: Path[] | undefined

  constructor(draw: () => Path[], keep: boolean) {
    this.#draw = draw
    this.#keep = keep
  }

  /**
   * K strictly fair paths a step; with `compat` those of an epoch's first step.
   *
   * @throws UserError for a space whose choices offer different numbers of operations, or own no weights.
   */
  static fair({ space, random }: MethodContext, method: string, compat: boolean): EpochPaths {
    const setting = `method.name ${method}`
    const sampler = new FairPathSampler(space, setting)
    choicesByParameter(space, setting)
    return new EpochPaths(() => sampler.draw(random.paths), compat)
  }

  next(): Path[] {
    if (!this.#keep) return this.#draw()
    this.#kept ??= this.#draw()
    return this.#kept
  }

  clear(): void {
    this.#kept = undefined
  }

  state(): MethodState {
    return this.#kept === undefined ? {} : { paths: Float64Array.from(this.#kept.flat()) }
  }

  restore({ paths }: MethodState, { choices }: Pick<SearchSpace, 'choices'>): void {
    const { length } = choices
    this.#kept =
      paths &&
      Array.from({ length: paths.length / length }, (_, k) => [...paths.subarray(k * length, (k + 1) * length)])
  }
}
