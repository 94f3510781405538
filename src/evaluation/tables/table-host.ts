/** What a pickled table may contain beside numbers, text, lists and dictionaries: NumPy's arrays and Python's containers. */
import { ArrayHost } from '../../data/numpy-pickle.js'

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
  constructor(file: string) {
    super(file, PICKLED_TABLE)
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
