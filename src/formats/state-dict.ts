/** Finds the state dict in a checkpoint, and the names of its tensors. */
import { brief } from './pickle.js'
import { invalid, textOf, View } from './torch-tensors.js'

/**
 * Keys under which training scripts keep a network's state dict next to other state; the first that is present counts.
 */
const NESTED = [
  'state_dict',
  'model_state_dict',
  'model',
  'net',
  'network',
  'supernet',
  'search_model',
  'weights',
  'params',
] as const

/** Prefix that `DataParallel` adds to every name. */
const PARALLEL = 'module.'

/**
 * Tensors of an unpickled checkpoint by name. The checkpoint is a state dict, or contains one that is one level down.
 *
 * @throws UserError for anything else.
 */
export function viewsOf(value: unknown, file: string): Map<string, View> {
  if (!(value instanceof Map)) throw invalid(file, 'a state dict of tensors', 'a pickle of something else')
  const views = new Map<string, View>()
  for (const [key, item] of nestedIn(value) ?? value) {
    const name = textOf(key)
    if (name === undefined) throw invalid(file, 'names as keys', typeof key)
    if (!(item instanceof View)) throw invalid(file, `a tensor for ${brief(name)}`, 'something else')
    views.set(name, item)
  }
  return withoutPrefix(views)
}

/** Removes the `module.` of DataParallel, if all names begin with it. */
export function withoutPrefix<Value>(byName: Map<string, Value>): Map<string, Value> {
  for (const name of byName.keys()) if (!name.startsWith(PARALLEL)) return byName
  return new Map([...byName].map(([name, value]) => [name.slice(PARALLEL.length), value]))
}

function nestedIn(value: Map<unknown, unknown>): Map<unknown, unknown> | undefined {
  const byName = new Map([...value].map(([key, item]) => [textOf(key), item]))
  for (const key of NESTED) {
    const item = byName.get(key)
    if (item instanceof Map) return item
  }
  return undefined
}
