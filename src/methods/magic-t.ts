/**
 * MAGIC-T (Xu et al., “Analyzing and Mitigating Interference in Neural Architecture Search”, ICML 2022). The fewer
 * operations two paths differ in, the less their gradients conflict on the weights that they share. So the path of each
 * step differs from the previous step's path in exactly one choice. Data in shuffled epochs.
 */
import { PathChain } from '../sampling/path-chain.js'
import { uniformDistribution } from '../sampling/paths.js'
import type { MethodContext, MethodState } from './method.js'
import { OnePathMethod } from './one-path-method.js'

/** Paths that differ in one choice from step to step (MAGIC-T, Xu et al., ICML 2022). */
export class MagicT extends OnePathMethod {
  readonly name = 'magic-t'
  /** Distribution at any single step, over all runs. */
  readonly pathDistribution: readonly number[]
  readonly #chain: PathChain

  /** Draws from the stream `paths`. */
  constructor(context: MethodContext) {
    const { space } = context
    const chain = new PathChain(space)
    super(context, chain)
    this.#chain = chain
    this.pathDistribution = [...uniformDistribution(space.operations.length)]
  }

  /** The path drawn last, if any. */
  override state(): MethodState {
    const { last } = this.#chain
    return last === undefined ? {} : { lastPath: Float64Array.from(last) }
  }

  /** Continues the chain of paths. */
  override restore({ lastPath }: MethodState): void {
    this.#chain.last = lastPath && [...lastPath]
  }
}
