/**
 * PA&DA (Lu et al., CVPR 2023): paths and data are drawn in proportion to how large their gradients were in the epoch
 * before, mixed with uniform sampling by schedules δ and τ. Each half can be switched off: PA alone, DA alone.
 */
import type { PadaConfig } from '../config/schema.js'
import type { PathDistribution } from '../events.js'
import type { Batch, StepOptions, StepRecord } from '../native.js'
import { DataImportance, mixWithUniform } from '../sampling/importance.js'
import { drawnIndices, shuffledIndices } from '../sampling/indices.js'
import { PathSampler, uniformDistribution } from '../sampling/paths.js'
import { strength } from '../sampling/schedule.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'
import { PathImportance } from './path-importance.js'

export class Pada implements Method {
  readonly name = 'pada'
  readonly overlapping = true
  readonly #config: PadaConfig
  readonly #context: MethodContext
  /** s, of the epoch in progress. */
  readonly #pathImportance: PathImportance
  /** r, of the epoch in progress. */
  readonly #dataImportance: DataImportance
  /** p: one distribution, or one per edge. */
  #pathProbabilities: readonly Float64Array[]
  #paths: PathSampler
  /** q; undefined while every image is taken once per epoch. */
  #dataProbabilities: Float64Array | undefined

  constructor(config: PadaConfig, context: MethodContext) {
    const { space, images } = context
    this.#config = config
    this.#context = context
    this.#pathImportance = new PathImportance(space, config.perEdge)
    this.#dataImportance = new DataImportance(images, config.dataImportance)
    const uniform = uniformDistribution(space.operations.length)
    this.#pathProbabilities = config.perEdge ? new Array(space.edges).fill(uniform) : [uniform]
    this.#paths = new PathSampler(space.edges, this.#pathProbabilities)
  }

  get pathDistribution(): PathDistribution {
    const lists = this.#pathProbabilities.map((distribution) => Array.from(distribution))
    return this.#config.perEdge ? lists : lists[0]
  }

  /** The first epoch takes every image once, as the released code does; later ones draw N of them from q. */
  epochIndices(): Int32Array {
    const { images, random } = this.#context
    const probabilities = this.#dataProbabilities
    return probabilities === undefined ? shuffledIndices(images, random.data) : drawnIndices(probabilities, random.data)
  }

  async step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepRecord> {
    const path = this.#paths.draw(this.#context.random.paths)
    const plan = engine.plan(path)
    const ratio = this.#config.unbiased ? this.#paths.uniformRatio(path) : 1
    const weights = this.#config.unbiased ? this.#weights(batch.indices, ratio) : undefined
    const record = await engine.supernet.trainStep(plan, { ...batch, weights }, options)
    // A path's importance is the gradient of its loss, not of the loss as weighted for having been drawn.
    this.#pathImportance.add(path, plan.parameters, record.gradientNorms, record.clipScale / ratio)
    this.#dataImportance.add(batch.indices, record.importance)
    return record
  }

  endEpoch(epoch: number): void {
    const { paths, data, pathSchedule, dataSchedule } = this.#config
    const { space, epochs } = this.#context
    if (paths === 'importance') {
      const delta = strength(pathSchedule, epoch, epochs)
      const K = space.operations.length
      this.#pathProbabilities = this.#pathProbabilities.map((_, i) =>
        mixWithUniform(this.#pathImportance.values.subarray(i * K, (i + 1) * K), delta),
      )
      this.#paths = new PathSampler(space.edges, this.#pathProbabilities)
    }
    if (data === 'importance') {
      const tau = strength(dataSchedule, epoch, epochs)
      this.#dataProbabilities = mixWithUniform(this.#dataImportance.values, tau)
    }
    this.#pathImportance.reset()
    this.#dataImportance.reset()
  }

  state(): MethodState {
    return {
      pathImportance: this.#pathImportance.values,
      pathProbabilities: Float64Array.from(this.#pathProbabilities.flatMap((distribution) => [...distribution])),
      dataImportance: this.#dataImportance.values,
      dataCounts: this.#dataImportance.counts,
      ...(this.#dataProbabilities && { dataProbabilities: this.#dataProbabilities }),
    }
  }

  restore(state: MethodState): void {
    const K = this.#context.space.operations.length
    this.#pathImportance.values.set(state.pathImportance)
    this.#dataImportance.values.set(state.dataImportance)
    this.#dataImportance.counts.set(state.dataCounts)
    this.#pathProbabilities = this.#pathProbabilities.map((_, i) => state.pathProbabilities.slice(i * K, (i + 1) * K))
    this.#paths = new PathSampler(this.#context.space.edges, this.#pathProbabilities)
    this.#dataProbabilities = state.dataProbabilities
  }

  /** Per sample (1/N)/q of the image times uniform/p of the path. */
  #weights(indices: Int32Array, pathRatio: number): Float32Array {
    const q = this.#dataProbabilities
    if (q === undefined) return new Float32Array(indices.length).fill(pathRatio)
    return Float32Array.from(indices, (index) => pathRatio / (q.length * q[index]))
  }
}
