/** The flat state of a supernet by name; `native/bindings/state_kinds.cc` has the same list, and a test compares them. */
import type { OptimizerConfig } from '../config/schema.js'

/** What each kind of optimizer keeps of every scalar. */
export const OPTIMIZER_SLOTS = {
  sgd: ['momentum'],
} as const satisfies Readonly<Record<OptimizerConfig['kind'], readonly string[]>>

/** Every kind of state: those of all supernets, then the slots of the optimizers. */
export const STATE_KINDS = [
  'parameters',
  'gradients',
  'momentMean',
  'momentM2',
  'buffers',
  ...OPTIMIZER_SLOTS.sgd,
] as const

/**
 * Flat float32 state. Of `buffers` all buffers, of any other kind all parameters, concatenated in the order of the
 * specs. `momentMean` and `momentM2` are mean and sum of squared deviations of the gradients since the last reset.
 */
export type StateKind = (typeof STATE_KINDS)[number]
