/**
 * MAGIC-A (Xu et al., “Analyzing and Mitigating Interference in Neural Architecture Search”, ICML 2022). Two paths that
 * share an operation conflict less on its weights if their activations there are similar. So the path of a step is
 * aligned with an anchor: the loss includes the mean squared difference between the inputs and outputs of the
 * convolutions that both paths share, on the same batch and weights. With paths in a chain, as in MAGIC-T, it is
 * MAGIC-AT.
 *
 * The anchor is the best path so far, and begins as the path of the first step. A path replaces the anchor if it does
 * better on the batch of its step, with the weights before the step.
 *
 * The paper leaves these decisions open:
 * - Values are divided by their root mean square before the comparison. Sums grow by up to four in every cell of
 *   NAS-Bench-201, so the largest values would dominate otherwise.
 * - Better means a higher accuracy on the batch, or an equal accuracy with a lower loss.
 * - The anchor runs in training mode but learns nothing. Its values are constants.
 * - The mean is over all taps, two for each convolution (see Taps), whatever their sizes.
 */
import type { MagicAConfig } from '../config/schema.js'
import type { Batch, EvaluateRecord, StepOptions, StepRecord } from '../native/index.js'
import type { Program } from '../programs/program.js'
import { Taps } from '../programs/taps.js'
import { shuffledIndices } from '../sampling/indices.js'
import { PathChain } from '../sampling/path-chain.js'
import { PathSampler, uniformDistribution } from '../sampling/paths.js'
import type { Path } from '../spaces/space.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'

/** Aligns the activations of shared operations with the best path so far (MAGIC-A, MAGIC-AT; Xu et al., ICML 2022). */
export class MagicA implements Method {
  readonly name = 'magic-a'
  readonly pathDistribution: readonly number[]
  readonly #config: Pick<MagicAConfig, 'alignment' | 'paths'>
  readonly #context: MethodContext
  readonly #chain: PathChain
  readonly #uniform: PathSampler
  readonly #taps: Taps
  #anchor: Path | undefined

  /** Aligns all candidate convolutions. Draws paths from the stream `paths`. */
  constructor(config: Pick<MagicAConfig, 'alignment' | 'paths'>, context: MethodContext) {
    const { space } = context
    this.#config = config
    this.#context = context
    this.#chain = new PathChain(space)
    this.#uniform = PathSampler.uniform(space.choices)
    this.pathDistribution = [...uniformDistribution(space.operations.length)]
    const candidates = space.parameters().filter(({ operation }) => operation !== undefined)
    this.#taps = new Taps(candidates.map(({ name }) => name))
  }

  /** The best path so far; undefined before the first step. */
  get anchor(): Path | undefined {
    return this.#anchor
  }

  /** Program of a path, with taps at its candidate convolutions. */
  program(path: Path): Program {
    return this.#taps.insert(this.#context.space.program(path))
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  async step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepRecord> {
    const { supernet } = engine
    const source = this.#config.paths === 'chain' ? this.#chain : this.#uniform
    const path = source.draw(this.#context.random.paths)
    const anchor = this.#anchor
    // There is no anchor yet, or the path equals it.
    if (anchor === undefined || anchor.join() === path.join()) {
      this.#anchor = path
      return supernet.trainStep(engine.plan(path), batch, options)
    }
    using held = supernet.hold(batch)
    // Both are called at once, so that the native thread is not idle between them.
    const [observed, record] = await Promise.all([
      supernet.observe(engine.plan(anchor), held),
      supernet.trainStep(engine.plan(path), held, { ...options, alignment: this.#config.alignment }),
    ])
    if (isBetter(record, observed)) this.#anchor = path
    return record
  }

  endEpoch(): void {}

  state(): MethodState {
    const { last } = this.#chain
    return {
      ...(this.#anchor && { anchor: Float64Array.from(this.#anchor) }),
      ...(last && { lastPath: Float64Array.from(last) }),
    }
  }

  restore({ anchor, lastPath }: MethodState): void {
    this.#anchor = anchor && [...anchor]
    this.#chain.last = lastPath && [...lastPath]
  }
}

type Score = Pick<EvaluateRecord, 'correct' | 'loss'>

function isBetter(path: Score, anchor: Score): boolean {
  return path.correct > anchor.correct || (path.correct === anchor.correct && path.loss < anchor.loss)
}
