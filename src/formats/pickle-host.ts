/** What decides on everything in a pickle that is more than data, and how much there may be of it. */

/** A reference to a Python global, e.g. `collections.OrderedDict`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** Decides what globals, calls, object states and persistent ids mean; throws to refuse. */
export interface PickleHost {
  /** What the file should hold, to be read after “Expected”. */
  readonly expected: string
  /** Whether the pickle may name this global at all. */
  allows(global: string): boolean
  /** Value of `global(*args)`. */
  call(global: string, args: readonly unknown[]): unknown
  /** Value of a persistent id. */
  persistent(id: unknown): unknown
  /** Does `__setstate__` on a value that {@link call} returned, or passes over it; false to refuse. */
  setState(value: unknown, state: unknown): boolean
  /**
   * Called when items were put into a dictionary, of which it may take out what is not needed, also from what is in it;
   * returns the number of keys and values that it took out.
   */
  filled?(dictionary: Map<unknown, unknown>): number
  /** Default: what a checkpoint needs. */
  readonly limits?: PickleLimits
}

/** What a pickle may fill the memory with, where a byte of it can ask for a hundred bytes. */
export interface PickleLimits {
  /** Lists, tuples, sets and dictionaries that it may make. */
  readonly containers: number
  /** Values in all of them, keys included, and on the stack. */
  readonly values: number
  /** Values that it may remember, and the numbers under which it does so. */
  readonly memo: number
}
