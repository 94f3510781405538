/** Names of a supernet's flat state. `native/bindings/state_kinds.cc` has the same list, and a test compares them. */
import type { OptimizerConfig } from '../config/schema.js'

/** State that each kind of optimizer keeps of every scalar. */
export const OPTIMIZER_SLOTS = {
  sgd: ['momentum'],
  'rmsprop-tf': ['squareAverage', 'momentum'],
  adamw: ['firstMoment', 'secondMoment'],
} as const satisfies Readonly<Record<OptimizerConfig['kind'], readonly string[]>>

/** State that all supernets have. */
const SHARED_STATE = [
  'parameters',
  'gradients',
  'momentMean',
  'momentM2',
  'buffers',
  'averagedParameters',
  'averagedBuffers',
] as const

/**
 * A kind of flat float32 state. `buffers` and `averagedBuffers` concatenate all buffers in the order of their specs.
 * Every other kind has one number for each scalar of the parameters, in the order of their specs. `momentMean` and
 * `momentM2` are the mean and the sum of squared deviations of the gradients since the last reset.
 */
export type StateKind = (typeof SHARED_STATE)[number] | (typeof OPTIMIZER_SLOTS)[keyof typeof OPTIMIZER_SLOTS][number]

/** Every kind of state: first the kinds that all supernets have, then the slots of optimizers, each slot once. */
export const STATE_KINDS: readonly StateKind[] = [
  ...new Set([...SHARED_STATE, ...Object.values(OPTIMIZER_SLOTS).flat()]),
]
