/** What a pickled table may contain beside numbers, text, lists and dictionaries: NumPy's arrays and Python's containers. */

import { ArrayHost } from '../../formats/numpy-pickle.js'
import type { PickleLimits } from '../../formats/pickle.js'
import { dropCurves } from './benchmark-layout.js'

export const PICKLED_TABLE = 'a pickled table of accuracies'

/** Python's own containers, by the names that both versions of Python give them. */
const CONTAINERS: ReadonlyMap<string, 'dictionary' | 'set'> = new Map([
  ['collections.OrderedDict', 'dictionary'],
  ['builtins.dict', 'dictionary'],
  ['__builtin__.dict', 'dictionary'],
  ['builtins.set', 'set'],
  ['__builtin__.set', 'set'],
  ['builtins.frozenset', 'set'],
  ['__builtin__.frozenset', 'set'],
])

/** Dictionaries of every kind become Maps, sets lists; anything else is refused by name. */
export class TableHost extends ArrayHost {
  readonly limits: PickleLimits
  readonly #curves = new WeakSet()

  /** @param fileBytes Size of the file, to which what it may build is in proportion; compressed, where it is that. */
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

  /** Curves of all epochs of all architectures would need tens of gigabytes. */
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
    // Attributes of a dictionary say nothing about what is in it.
    return value instanceof Map || super.setState(value, state)
  }
}
