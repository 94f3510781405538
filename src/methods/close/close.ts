/**
 * CLOSE (Zhou et al., ECCV 2022): a curriculum on the sharing extent. Training begins with one block of candidate
 * weights per cell, which all edges share. At set epochs, a block is added that inherits the weights of the previous
 * block. A gate, trained with the supernet, learns which edges of which sub-models share a block.
 */

import { expected } from '../../base/errors.js'
import { counted } from '../../base/format.js'
import type { RandomStream } from '../../base/random.js'
import type { CloseConfig } from '../../config/schema.js'
import type { Tensor } from '../../formats/safetensors.js'
import type { Batch, StepOptions } from '../../native/index.js'
import { DeIsomorphicSampler } from '../../sampling/deisomorphic.js'
import { shuffledIndices } from '../../sampling/indices.js'
import { PathSampler, type PathSource, uniformDistribution } from '../../sampling/paths.js'
import { operationShares } from '../../sampling/shares.js'
import type { BlockedSpace, SearchSpace } from '../../spaces/space.js'
import type { Engine, Method, MethodContext, MethodState, StepOutcome } from '../method.js'
import { Gate } from './gate.js'
import { gumbelBackward, gumbelChoice } from './gumbel.js'
import { addPrevious } from './open-block.js'
import { requireSgd, sgdStep } from './optimizer.js'
import { gatedSpace } from './space.js'

/** The paper's curriculum. With it, the optimizer restarts when the last block is opened. */
const PUBLISHED_CURRICULUM = [1, 201, 401]

/** CLOSE (Zhou et al., ECCV 2022): a curriculum that adds blocks of weights, and a gate that chooses among them. */
export class Close implements Method {
  readonly name = 'close'
  readonly pathDistribution: readonly number[]
  readonly space: SearchSpace
  readonly scheduleRestarts: readonly number[]
  readonly warnings: readonly string[]
  readonly #config: CloseConfig
  readonly #context: MethodContext
  readonly #blocks: BlockedSpace
  readonly #paths: PathSource
  /** Stream of the gate's initial weights, and of the blocks drawn in training. */
  readonly #gateStream: RandomStream
  #gate: Gate
  #gateMomentum: Float64Array

  /** Throws a UserError for a space whose cells cannot have blocks. */
  constructor(config: CloseConfig, context: MethodContext) {
    const { space, random } = context
    if (space.withBlocks === undefined) {
      throw expected('nasbench201', 'space.name with method close', space.name, 2)
    }
    this.#config = config
    this.#context = context
    this.#blocks = space.withBlocks(config.curriculum.length, { startAtZero: config.inheritance === 'copy' })
    if (config.sampling === 'uniform') {
      this.#paths = PathSampler.uniform(space.choices)
      this.pathDistribution = [...uniformDistribution(space.operations.length)]
    } else {
      const paths = new DeIsomorphicSampler(space)
      this.#paths = paths
      this.pathDistribution = operationShares(space, paths.representatives)
    }
    this.#gateStream = random.stream('gate')
    this.#gate = Gate.random(space.operations.length, 1, this.#gateStream)
    this.#gateMomentum = new Float64Array(this.#gate.values.length)
    this.space = gatedSpace(space, this.#blocks, () => this.#gate)
    const restart = restartOf(config)
    this.scheduleRestarts = restart === undefined ? [] : [restart - 1]
    this.warnings = [
      ...describeSharing(space),
      ...describeLateBlocks(config.curriculum, context.epochs),
      ...describeLateRestart(restart, context.epochs),
    ]
  }

  epochIndices(): Int32Array {
    return shuffledIndices(this.#context.images, this.#context.random.data)
  }

  async beginEpoch(epoch: number, { supernet }: Engine): Promise<void> {
    const due = this.#config.curriculum.filter((begin) => begin <= epoch + 1).length
    // A run that stops before an epoch's first step calls this again when it resumes. No block is opened twice.
    while (this.#gate.open < due) {
      const block = this.#gate.open
      await supernet.write('parameters', addPrevious(this.space.parameters(), await supernet.read('parameters'), block))
      this.#gate = this.#gate.reopened(block + 1, this.#gateStream)
      this.#gateMomentum = new Float64Array(this.#gate.values.length)
    }
    if (this.scheduleRestarts.includes(epoch)) {
      await supernet.resetOptimizer()
      this.#gateMomentum.fill(0)
    }
  }

  async step({ supernet }: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome> {
    // The gate needs it as soon as a second block opens.
    requireSgd(options.optimizer)
    const { random } = this.#context
    const { temperature, dropout } = this.#config
    const gate = this.#gate
    const { open } = gate
    const path = this.#paths.draw(random.paths)
    using plan = supernet.compile(this.#blocks.mixed(path, open, { dropout }))
    if (open === 1) return await supernet.trainStep(plan, batch, options)

    const trace = gate.logits(this.#blocks.graph(path))
    const choices = trace.logits.map((logits) => gumbelChoice(logits, temperature, this.#gateStream))
    const mixing = new Float32Array(choices.length * open)
    for (const [edge, { index }] of choices.entries()) mixing[edge * open + index] = 1
    const record = await supernet.trainStep(plan, { ...batch, mixing }, options)
    const { mixingGradients } = record
    if (mixingGradients !== undefined) {
      const logitGradients = choices.map((choice, edge) =>
        gumbelBackward(choice, temperature, mixingGradients.subarray(edge * open, (edge + 1) * open)),
      )
      gate.backward(trace, logitGradients)
      sgdStep(gate, this.#gateMomentum, options)
    }
    return record
  }

  endEpoch(): void {}

  weights() {
    return this.#gate.tensors()
  }

  takeWeights(weights: ReadonlyMap<string, Tensor>): ReadonlySet<string> {
    const { curriculum } = this.#config
    const gate = Gate.fromTensors(this.#context.space.operations.length, weights)
    if (gate === undefined) return new Set()
    if (gate.open > curriculum.length) {
      const wanted = `at least ${gate.open} epochs, one for each block that the gate knows,`
      throw expected(wanted, 'method.curriculum', curriculum.join(', '), 2)
    }
    this.#gate = gate
    this.#gateMomentum = new Float64Array(gate.values.length)
    return new Set(gate.tensors().keys())
  }

  state(): MethodState {
    return {
      openBlocks: Float64Array.of(this.#gate.open),
      gate: this.#gate.values,
      gateMomentum: this.#gateMomentum,
    }
  }

  restore(state: MethodState): void {
    this.#gate = new Gate(this.#context.space.operations.length, state.openBlocks[0])
    this.#gate.values.set(state.gate)
    this.#gateMomentum = state.gateMomentum.slice()
  }
}

/** Says that the space's own sharing has no effect; nothing if no edges share weights. */
function describeSharing({ unshared }: SearchSpace): string[] {
  if (unshared === undefined) return []
  return ['space.sharing: perCell has no effect, because the blocks of method close take the place of the sharing']
}

/** Says which blocks begin after the last epoch; nothing if none does. */
function describeLateBlocks(curriculum: readonly number[], epochs: number): string[] {
  const late = curriculum.filter((begin) => begin > epochs)
  if (late.length === 0) return []
  const blocks = `${late.length} of ${curriculum.length} blocks of weights`
  const when = `${late.length === 1 ? 'epoch' : 'epochs'} ${late.join(', ')}`
  return [`method.curriculum adds ${blocks} in ${when}, but training has ${counted(epochs, 'epoch')}`]
}

/** Says that the optimizer never restarts; nothing if it does, or need not. */
function describeLateRestart(restart: number | undefined, epochs: number): string[] {
  if (restart === undefined || restart <= epochs) return []
  return [`method.restart is epoch ${restart}, but training has ${counted(epochs, 'epoch')}`]
}

/** Epoch, counted from 1, at which the optimizer restarts; undefined if it never does. */
function restartOf({ restart, curriculum }: CloseConfig): number | undefined {
  if (restart === 'never') return undefined
  return restart ?? (curriculum.join() === PUBLISHED_CURRICULUM.join() ? PUBLISHED_CURRICULUM.at(-1) : undefined)
}
