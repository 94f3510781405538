/**
 * MAGIC-A (Xu et al., “Analyzing and Mitigating Interference in Neural Architecture Search”, ICML 2022): paths pull on the
 * weights that they share the less against each other, the more alike is what passes the shared operations. So the inputs
 * and outputs of every convolution that the step's path shares with an anchor are drawn towards those in the anchor, on
 * the same batch and with the same weights, by their mean squared difference. With paths in a chain, which is MAGIC-T, it
 * is MAGIC-AT.
 *
 * The anchor is the best path so far: a path that does better than it on the batch of a step, with the weights before the
 * step, takes its place. It begins as the path of the first step.
 *
 * What the paper leaves to this project: values are divided by the root of their mean square before they are compared,
 * because sums grow by up to four in every cell of NAS-Bench-201 and the largest would be all that counts; better is a
 * higher accuracy on the batch, or an equal one with a lower loss; the anchor is computed in training mode but learns
 * nothing itself, and its values are constants; the mean is over all taps, two of each convolution (see Taps), whatever
 * their sizes.
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

/** Aligns what passes shared operations with the best path so far (MAGIC-A and MAGIC-AT, Xu et al., ICML 2022). */
export class MagicA implements Method {
  readonly name = 'magic-a'
  readonly pathDistribution: readonly number[]
  readonly #config: Pick<MagicAConfig, 'alignment' | 'paths'>
  readonly #context: MethodContext
  readonly #chain: PathChain
  readonly #uniform: PathSampler
  readonly #taps: Taps
  #anchor: Path | undefined

  /** Aligns all candidate convolutions; draws from the stream `paths`. */
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

  /** What plans of paths are made of. */
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
    // There is nothing to align with, or nothing that differs.
    if (anchor === undefined || anchor.join() === path.join()) {
      this.#anchor = path
      return supernet.trainStep(engine.plan(path), batch, options)
    }
    using held = supernet.hold(batch)
    // Both are asked for at once, so that nothing is idle between them.
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
