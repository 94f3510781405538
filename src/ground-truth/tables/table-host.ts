/** The objects that a pickled table may contain besides plain values: NumPy's arrays and Python's containers. */

import { ArrayHost } from '../../formats/numpy-pickle.js'
import type { PickleLimits } from '../../formats/pickle.js'
import { dropCurves } from './benchmark-layout.js'

export const PICKLED_TABLE = 'a pickled table of accuracies'

/** Python's containers, by their names in Python 2 and 3. */
const CONTAINERS: ReadonlyMap<string, 'dictionary' | 'set'> = new Map([
  ['collections.OrderedDict', 'dictionary'],
  ['builtins.dict', 'dictionary'],
  ['__builtin__.dict', 'dictionary'],
  ['builtins.set', 'set'],
  ['__builtin__.set', 'set'],
  ['builtins.frozenset', 'set'],
  ['__builtin__.frozenset', 'set'],
])

/** Turns dictionaries of every kind into Maps and sets into lists. Other objects are refused by name. */
export class TableHost extends ArrayHost {
  readonly limits: PickleLimits
  readonly #curves = new WeakSet()

  /** @param fileBytes Size of the file, compressed if the file is. The limits grow with it. */
  constructor(file: string, fileBytes: number) {
    super(file, PICKLED_TABLE)
    const most = (free: number, perByte: number, limit: number) =>
      Math.min(free + Math.floor(fileBytes * perByte), limit)
    this.limits = {
      containers: most(2 ** 18, 1 / 4, 2 ** 23),
      values: most(2 ** 20, 1, 2 ** 25),
      memo: most(2 ** 20, 1, 2 ** 29),
    }
  }

  /** Drops learning curves: all epochs of all architectures would need tens of gigabytes. */
  filled(dictionary: Map<unknown, unknown>): number {
    return dropCurves(dictionary, this.#curves)
  }

  override allows(global: string): boolean {
    return CONTAINERS.has(global) || super.allows(global)
  }

  override call(global: string, args: readonly unknown[]): unknown {
    const container = CONTAINERS.get(global)
    if (container === 'dictionary' && args.length === 0) return new Map()
    if (container === 'set' && args.length === 1 && Array.isArray(args[0])) return args[0]
    return super.call(global, args)
  }

  override setState(value: unknown, state: unknown): boolean {
    // Attributes of a dictionary are ignored: they are not among its entries.
    return value instanceof Map || super.setState(value, state)
  }
}
