/**
 * The complete state of a training in progress. Restoring a snapshot and going on gives the same numbers as never
 * stopping. Snapshots are taken between two steps, also within an epoch.
 */

import { expected } from '../base/errors.js'
import type { Random, RandomState } from '../base/random.js'
import { scalars } from '../base/shapes.js'
import type { TrainingConfig } from '../config/schema.js'
import type { Tensor } from '../formats/safetensors.js'
import type { Method, MethodState } from '../methods/method.js'
import { OPTIMIZER_SLOTS, type StateKind, type Supernet } from '../native/index.js'

/** The progress of a training, in plain JSON. */
export interface Progress {
  /** Position of the next step. */
  epoch: number
  step: number
  /** Cross-entropy summed over the images of this epoch so far. */
  lossSum: number
  /** Images of this epoch classified correctly so far. */
  correct: number
  /** Images of this epoch whose label had fewer than five larger logits, so far. */
  correctTop5: number
  /** Seconds spent on this epoch so far. */
  epochSeconds: number
  /** Seconds spent on the whole training, without interruptions. */
  seconds: number
  /** Gradient variance of every finished epoch. */
  gradientVariance: number[]
  /** Mean training loss of every finished epoch. */
  losses: number[]
}

/** A training in progress: everything that {@link train} needs to continue. */
export interface Snapshot {
  readonly progress: Progress
  /** The current state of all streams but `data`: its state when the epoch began, because indices are drawn again. */
  readonly random: RandomState
  /** Parameters and buffers of the supernet, and weights of the method's own, by name. */
  readonly weights: ReadonlyMap<string, Tensor>
  /**
   * All other state, by name:
   * - `momentum.NAME` and other slots of the optimizer: its state of a parameter, such as PyTorch's momentum buffer.
   * - `averaged.NAME`: the average of a parameter or buffer, if the settings have `averaging`.
   * - `momentMean.NAME`, `momentM2.NAME`: mean and sum of squared deviations of a parameter's gradients so far.
   * - `timesSampled`: per parameter, the number of steps that sampled it since the moments' reset.
   * - `everSampled`: per parameter, 1 if any step sampled it.
   * - `timesUpdated`: per parameter, the number of updates since the optimizer's reset.
   * - `method.NAME`: the state of the method.
   */
  readonly state: ReadonlyMap<string, Tensor>
}

export const START: Progress = {
  epoch: 0,
  step: 0,
  lossSum: 0,
  correct: 0,
  correctTop5: 0,
  epochSeconds: 0,
  seconds: 0,
  gradientVariance: [],
  losses: [],
}

/** The part of a supernet that snapshots use. */
export type Restorable = Pick<
  Supernet,
  'specs' | 'buffers' | 'read' | 'write' | 'counts' | 'setCounts' | 'restartAverages'
>

/** The settings that decide which state there is. */
type Kept = Pick<TrainingConfig, 'optimizer' | 'averaging'>

/** The kinds of state that every parameter has in addition to its value. */
const kindsOf = ({ optimizer: { kind } }: Kept): StateKind[] => [...OPTIMIZER_SLOTS[kind], 'momentMean', 'momentM2']
const AVERAGED_PREFIX = 'averaged.'
const METHOD_PREFIX = 'method.'

/** The averaged parameters and buffers in a snapshot, by the names of the weights; undefined if it has none. */
export function averagedWeights({ state }: Pick<Snapshot, 'state'>): Map<string, Tensor> | undefined {
  const averaged = [...state].flatMap(([name, tensor]) =>
    name.startsWith(AVERAGED_PREFIX) ? [[name.slice(AVERAGED_PREFIX.length), tensor] as const] : [],
  )
  return averaged.length === 0 ? undefined : new Map(averaged)
}

export async function takeSnapshot(
  progress: Progress,
  random: RandomState,
  supernet: Restorable,
  method: Method,
  settings: Kept,
): Promise<Snapshot> {
  const state = new Map<string, Tensor>()
  for (const kind of kindsOf(settings)) {
    const tensors = splitByName([[supernet.specs, await supernet.read(kind)]])
    for (const [name, tensor] of tensors) state.set(`${kind}.${name}`, tensor)
  }
  if (settings.averaging !== undefined) {
    const tensors = splitByName([
      [supernet.specs, await supernet.read('averagedParameters')],
      [supernet.buffers, await supernet.read('averagedBuffers')],
    ])
    for (const [name, tensor] of tensors) state.set(AVERAGED_PREFIX + name, tensor)
  }
  const { timesSampled, everSampled, timesUpdated } = await supernet.counts()
  state.set('timesSampled', flat(timesSampled))
  state.set('everSampled', flat(everSampled))
  state.set('timesUpdated', flat(timesUpdated))
  for (const [name, values] of Object.entries(method.state())) state.set(METHOD_PREFIX + name, flat(values.slice()))
  const weights = await currentWeights(supernet)
  for (const [name, tensor] of method.weights?.() ?? []) weights.set(name, tensor)
  return { progress: structuredClone(progress), random, weights, state }
}

/** Copies of parameters and buffers, by name. */
export async function currentWeights(
  supernet: Pick<Restorable, 'specs' | 'buffers' | 'read'>,
): Promise<Map<string, Tensor>> {
  return splitByName([
    [supernet.specs, await supernet.read('parameters')],
    [supernet.buffers, await supernet.read('buffers')],
  ])
}

/**
 * Restores supernet and method from a snapshot; the caller restores the random streams. If the snapshot has no averaged
 * weights, because its weights were imported, averages begin with these.
 */
export async function restoreSnapshot(
  { weights, state }: Snapshot,
  supernet: Restorable,
  method: Method,
  settings: Kept,
): Promise<void> {
  await restoreWeights(weights, supernet)
  for (const kind of kindsOf(settings)) await supernet.write(kind, joined(state, supernet.specs, `${kind}.`))
  if (settings.averaging !== undefined) {
    const averaged = averagedWeights({ state })
    if (averaged === undefined) await supernet.restartAverages()
    else {
      await supernet.write('averagedParameters', joined(averaged, supernet.specs))
      await supernet.write('averagedBuffers', joined(averaged, supernet.buffers))
    }
  }
  await supernet.setCounts({
    timesSampled: data(state, 'timesSampled', Float64Array),
    everSampled: data(state, 'everSampled', Uint8Array),
    // Checkpoints of earlier versions, which had SGD only, do not count updates.
    timesUpdated: state.has('timesUpdated')
      ? data(state, 'timesUpdated', Float64Array)
      : new Float64Array(supernet.specs.length),
  })
  const methodState: Record<string, Float64Array> = {}
  for (const name of state.keys()) {
    if (name.startsWith(METHOD_PREFIX)) {
      methodState[name.slice(METHOD_PREFIX.length)] = data(state, name, Float64Array)
    }
  }
  method.restore(methodState as MethodState)
}

/** Writes named parameters and buffers into a supernet; throws a UserError if one is missing or has another shape. */
export async function restoreWeights(
  weights: ReadonlyMap<string, Tensor>,
  supernet: Pick<Supernet, 'specs' | 'buffers' | 'write'>,
): Promise<void> {
  await supernet.write('parameters', joined(weights, supernet.specs))
  await restoreBuffers(weights, supernet)
}

/** {@link restoreWeights} for buffers alone. */
export async function restoreBuffers(
  weights: ReadonlyMap<string, Tensor>,
  supernet: Pick<Supernet, 'buffers' | 'write'>,
): Promise<void> {
  await supernet.write('buffers', joined(weights, supernet.buffers))
}

/** The buffers of a supernet by name. */
export async function readBuffers(supernet: Pick<Supernet, 'buffers' | 'read'>): Promise<Map<string, Tensor>> {
  return splitByName([[supernet.buffers, await supernet.read('buffers')]])
}

/** Name and shape of a tensor of the supernet. */
interface Spec {
  readonly name: string
  readonly shape: readonly number[]
}

function joined(tensors: ReadonlyMap<string, Tensor>, specs: readonly Spec[], prefix = ''): Float32Array {
  const values = new Float32Array(specs.reduce((sum, { shape }) => sum + scalars(shape), 0))
  let offset = 0
  for (const { name, shape } of specs) {
    const key = prefix + name
    const tensor = tensors.get(key)
    if (tensor === undefined || tensor.shape.join() !== shape.join() || !(tensor.data instanceof Float32Array)) {
      const received = tensor === undefined ? 'none' : `shape ${tensor.shape.join('×')}`
      throw expected(`float32 numbers of shape ${shape.join('×')}`, key, received)
    }
    values.set(tensor.data, offset)
    offset += tensor.data.length
  }
  return values
}

/** Writes the initial weights, drawn parameter by parameter in the space's order. */
export async function initialise(supernet: Pick<Supernet, 'specs' | 'write'>, random: Random): Promise<void> {
  const values = new Float32Array(supernet.specs.reduce((sum, { shape }) => sum + scalars(shape), 0))
  let offset = 0
  for (const { shape, init } of supernet.specs) {
    const end = offset + scalars(shape)
    if (init.kind === 'uniform') {
      for (let i = offset; i < end; i++) values[i] = (2 * random.init.uniform() - 1) * init.bound
    } else if (init.kind === 'normal') {
      for (let i = offset; i < end; i++) values[i] = random.init.normal() * init.deviation
    } else if (init.kind === 'ones') {
      values.fill(1, offset, end)
    }
    offset = end
  }
  await supernet.write('parameters', values)
}

function splitByName(parts: readonly (readonly [readonly Spec[], Float32Array])[]): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (const [specs, values] of parts) {
    let offset = 0
    for (const { name, shape } of specs) {
      const end = offset + scalars(shape)
      tensors.set(name, { shape, data: values.subarray(offset, end) })
      offset = end
    }
  }
  return tensors
}

function flat(values: Float32Array | Float64Array | Uint8Array): Tensor {
  return { shape: [values.length], data: values }
}

function data<T extends Tensor['data']>(
  state: ReadonlyMap<string, Tensor>,
  name: string,
  type: abstract new (...args: never[]) => T,
): T {
  const values = state.get(name)?.data
  if (values instanceof type) return values
  throw expected(`${type.name} data`, `${name} in the checkpoint`, values?.constructor.name)
}
