/**
 * PA&DA (Lu et al., CVPR 2023): draws paths and data in proportion to their gradient norms in the previous epoch, mixed
 * with uniform sampling by the schedules δ and τ. Each half can be switched off: PA alone, DA alone.
 */
import type { PadaConfig } from '../config/schema.js'
import type { Batch, StepOptions, StepRecord } from '../native/index.js'
import { DataImportance, mixWithUniform } from '../sampling/importance.js'
import { drawnIndices, shuffledIndices } from '../sampling/indices.js'
import { type PathDistribution, PathSampler, restrictDistribution, uniformDistribution } from '../sampling/paths.js'
import { strength } from '../sampling/strength.js'
import { optionsOf } from '../spaces/path.js'
import { ConnectionImportance } from './connection-importance.js'
import type { Engine, Method, MethodContext, MethodState } from './method.js'
import { PathImportance } from './path-importance.js'

/** Paths and images in proportion to their gradient norms (PA&DA, Lu et al., CVPR 2023). */
export class Pada implements Method {
  readonly name = 'pada'
  readonly overlapping = true
  readonly warnings: readonly string[]
  readonly #config: PadaConfig
  readonly #context: MethodContext
  /** Importance s of operations in this epoch. */
  readonly #pathImportance: PathImportance
  /** Importance of connections in this epoch, as `s` is for operations. */
  readonly #connectionImportance: ConnectionImportance
  /** Importance r of images in this epoch. */
  readonly #dataImportance: DataImportance
  /** p: one distribution over the K operations, or one per choice of an operation. */
  #pathProbabilities: readonly Float64Array[]
  /** One distribution per choice of the space; undefined for choices of operations. */
  #connectionProbabilities: readonly (Float64Array | undefined)[]
  #paths: PathSampler
  /** q; undefined while an epoch takes every image once. */
  #dataProbabilities: Float64Array | undefined

  /** Throws a UserError for `perEdge` in a space whose edges have no weights of their own. */
  constructor(config: PadaConfig, context: MethodContext) {
    const { space, images } = context
    this.#config = config
    const choosesConnections = space.choices.some((choice) => 'connections' in choice)
    this.warnings =
      config.connections === 'importance' && !choosesConnections
        ? [`method.connections: importance has no effect, because paths of ${space.name} choose no connections`]
        : []
    this.#context = context
    this.#pathImportance = new PathImportance(space, config.perEdge)
    this.#dataImportance = new DataImportance(images, config.dataImportance)
    this.#connectionImportance = new ConnectionImportance(space)
    const { choices, operations } = space
    const uniform = uniformDistribution(operations.length)
    const decided = choices.filter((choice) => 'operations' in choice).length
    this.#pathProbabilities = new Array(config.perEdge ? decided : 1).fill(uniform)
    this.#connectionProbabilities = choices.map((choice) =>
      'operations' in choice ? undefined : uniformDistribution(optionsOf(choice)),
    )
    this.#paths = this.#sampler()
  }

  /** Creates a sampler for the present probabilities. */
  #sampler(): PathSampler {
    const made = new Map<string, Float64Array>()
    let row = 0
    const distributions = this.#context.space.choices.map((choice, c) => {
      if (!('operations' in choice)) return this.#connectionProbabilities[c]!
      const { operations } = choice
      const at = this.#config.perEdge ? row++ : 0
      // Choices with the same operations share one array, so that the sampler computes its sums once.
      const key = `${at}:${operations}`
      if (!made.has(key)) made.set(key, restrictDistribution(this.#pathProbabilities[at], operations))
      return made.get(key)!
    })
    return new PathSampler(distributions)
  }

  get pathDistribution(): PathDistribution {
    const probabilities = this.#pathProbabilities
    if (!this.#config.perEdge) return Array.from(probabilities[0])
    const choices = this.#context.space.choices.filter((choice) => 'operations' in choice)
    return choices.map(({ operations }, row) => {
      const list = new Array<number>(probabilities[row].length).fill(0)
      restrictDistribution(probabilities[row], operations).forEach((probability, i) => {
        list[operations[i]] = probability
      })
      return list
    })
  }

  get connectionDistribution(): readonly (readonly number[])[] | undefined {
    const lists = this.#connectionProbabilities.flatMap((distribution) =>
      distribution ? [Array.from(distribution)] : [],
    )
    return lists.length > 0 ? lists : undefined
  }

  /** Draws N images from q. Without q, as in the first epoch, takes every image once, as the released code does. */
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
    // Importance is the gradient norm of the path's own loss, so the factor by which the loss was weighted is removed.
    const scale = record.clipScale / ratio
    this.#pathImportance.add(path, plan.parameters, record.gradientNorms, scale)
    if (this.#config.connections === 'importance') {
      this.#connectionImportance.add(path, scale * this.#pathImportance.norm(plan.parameters, record.gradientNorms))
    }
    this.#dataImportance.add(batch.indices, record.importance)
    return record
  }

  endEpoch(epoch: number): void {
    const { paths, connections, data, pathSchedule, dataSchedule } = this.#config
    const { space, epochs } = this.#context
    if (paths === 'importance') {
      const delta = strength(pathSchedule, epoch, epochs)
      const K = space.operations.length
      this.#pathProbabilities = this.#pathProbabilities.map((_, i) =>
        mixWithUniform(this.#pathImportance.values.subarray(i * K, (i + 1) * K), delta),
      )
    }
    if (connections === 'importance') {
      const delta = strength(pathSchedule, epoch, epochs)
      const importance = this.#connectionImportance.split()
      this.#connectionProbabilities = importance.map((values) => values && mixWithUniform(values, delta))
    }
    this.#paths = this.#sampler()
    if (data === 'importance') {
      const tau = strength(dataSchedule, epoch, epochs)
      this.#dataProbabilities = mixWithUniform(this.#dataImportance.values, tau)
    }
    this.#pathImportance.reset()
    this.#connectionImportance.reset()
    this.#dataImportance.reset()
  }

  state(): MethodState {
    return {
      pathImportance: this.#pathImportance.values,
      pathProbabilities: join(this.#pathProbabilities),
      connectionImportance: this.#connectionImportance.values,
      connectionProbabilities: join(this.#connectionProbabilities),
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
    this.#connectionImportance.values.set(state.connectionImportance)
    this.#connectionProbabilities = this.#connectionImportance.split(state.connectionProbabilities)
    this.#paths = this.#sampler()
    this.#dataProbabilities = state.dataProbabilities
  }

  /** Weight of each sample: (1/N)/q of its image times uniform/p of the path. */
  #weights(indices: Int32Array, pathRatio: number): Float32Array {
    const q = this.#dataProbabilities
    if (q === undefined) return new Float32Array(indices.length).fill(pathRatio)
    return Float32Array.from(indices, (index) => pathRatio / (q.length * q[index]))
  }
}

function join(lists: readonly (Float64Array | undefined)[]): Float64Array {
  return Float64Array.from(lists.flatMap((list) => (list === undefined ? [] : [...list])))
}
