/** The interface that gives meaning to globals, calls and objects of a pickle, and limits on its memory. */

/** A reference to a Python global, e.g. `collections.OrderedDict`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** Stands for an object that was not built. It keeps the name of the object's class or of the function that makes it. */
export class Opaque {
  constructor(readonly name: string) {}
}

/** Gives values to globals, calls, object states and persistent ids. A method throws to reject the pickle. */
export interface PickleHost {
  /** Expected content of the file, read after “Expected”. */
  readonly expected: string
  /** True if the pickle may name this global. */
  allows(global: string): boolean
  /** Value of `global(*args)`, or of `global.__new__(global, *args)`; an {@link Opaque} if it is not to be built. */
  call(global: string, args: readonly unknown[]): unknown
  /** Value of a persistent id. */
  persistent(id: unknown): unknown
  /**
   * Applies a state (`__setstate__`) to a value that {@link call} returned, or ignores the state; false rejects the
   * pickle. The machine itself passes over states of {@link Opaque}.
   */
  setState(value: unknown, state: unknown): boolean
  /**
   * Called after entries were added to a dictionary. It may remove entries that are not needed, also from values
   * inside. Returns the number of keys and values that it removed.
   */
  filled?(dictionary: Map<unknown, unknown>): number
  /** Default: enough for a checkpoint. */
  readonly limits?: PickleLimits
}

/** Limits on the memory of a pickle, one byte of which can allocate a hundred bytes. */
export interface PickleLimits {
  /** Most lists, tuples, sets, dictionaries and results of calls. */
  readonly containers: number
  /** Most values added to lists, sets and dictionaries, keys included; also most values on the stack. */
  readonly values: number
  /** Number of memo slots. */
  readonly memo: number
}
