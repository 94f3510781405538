/** Finds the state dict in a checkpoint, and the names of its tensors. */
import { expected, type UserError } from '../base/errors.js'
import { brief } from './pickle.js'
import type { Tensor } from './safetensors.js'
import { invalid, textOf, View } from './torch-tensors.js'

/**
 * Keys under which training scripts keep a network's state dict next to other state; the first that is present counts.
 * Averaged weights come last: they are read if they are alone, or if the caller names their key.
 */
const USUAL_KEYS: readonly string[] = [
  'state_dict',
  'model_state_dict',
  'model',
  'net',
  'network',
  'supernet',
  'search_model',
  'weights',
  'params',
]

/** Levels of dictionaries that are searched for state dicts. */
const LEVELS = 3

/** Prefix that `DataParallel` adds to every name. */
const PARALLEL = 'module.'

/** Which state dict of a checkpoint was read. */
export interface StateDictChoice {
  /** Its key, as `state_dict` or `ema.model`; absent if the checkpoint itself is the state dict. */
  readonly key?: string
  /** Keys of the other state dicts in the checkpoint. */
  readonly otherKeys: readonly string[]
}

/** Which state dict to read of a file that holds several. */
export interface StateDictOptions {
  /**
   * Key of the state dict, such as `state_dict_ema`; keys of dictionaries within dictionaries are joined by dots. By
   * default the first usual key that is there, such as `state_dict` or `model`, otherwise the only one.
   */
  readonly key?: string
}

/** Tensors of a file by name, and where they were found. */
export interface TorchFile extends StateDictChoice {
  readonly tensors: Map<string, Tensor>
}

/** Tensors of an unpickled checkpoint by name, and where they were found. */
export interface FoundViews extends StateDictChoice {
  readonly views: Map<string, View>
}

/**
 * Finds the state dict of an unpickled checkpoint: the checkpoint itself, or a dictionary in it.
 *
 * @param wanted Key of the state dict; by default the first usual key that is there, else the only one.
 * @throws UserError for anything else, a key that is not there, and several state dicts under unusual keys.
 */
export function findViews(value: unknown, file: string, wanted?: string): FoundViews {
  if (!(value instanceof Map)) throw invalid(file, 'a state dict of tensors', 'a pickle of something else')
  const nested = stateDictsIn(value)
  const keys = [...nested.keys()]
  const key = wanted ?? USUAL_KEYS.find((usual) => nested.has(usual)) ?? unusualKey(value, keys, file)
  const dict = key === undefined ? value : nested.get(key)
  if (dict === undefined) throw noSuchKey(wanted, keys, file)
  const views = new Map<string, View>()
  for (const [name, item] of dict) {
    const text = textOf(name)
    if (text === undefined) throw invalid(file, 'names as keys', typeof name)
    if (!(item instanceof View)) throw invalid(file, `a tensor for ${brief(text)}`, 'something else')
    views.set(text, item)
  }
  const otherKeys = keys.filter((other) => other !== key)
  return { views: withoutPrefix(views), ...(key !== undefined && { key }), otherKeys }
}

/** Refuses a key in a file that holds one state dict only. */
export function noSuchKey(wanted: string | undefined, keys: readonly string[], file: string): UserError {
  const there = keys.length === 0 ? 'no key, because there is one state dict only,' : keys.map(brief).join(' or ')
  return expected(there, `--key of ${file}`, wanted === undefined ? 'none' : brief(wanted), 2)
}

/** Removes the `module.` of DataParallel, if all names begin with it. */
export function withoutPrefix<Value>(byName: Map<string, Value>): Map<string, Value> {
  for (const name of byName.keys()) if (!name.startsWith(PARALLEL)) return byName
  return new Map([...byName].map(([name, value]) => [name.slice(PARALLEL.length), value]))
}

/** The key to read if none is usual; undefined if the checkpoint itself must be the state dict. */
function unusualKey(value: Map<unknown, unknown>, keys: readonly string[], file: string): string | undefined {
  if (keys.length === 0 || [...value.values()].every((item) => item instanceof View)) return undefined
  if (keys.length > 1) throw noSuchKey(undefined, keys, file)
  return keys[0]
}

/** All dictionaries that hold tensors, by their keys joined by dots. */
function stateDictsIn(checkpoint: Map<unknown, unknown>): Map<string, Map<unknown, unknown>> {
  const found = new Map<string, Map<unknown, unknown>>()
  // A pickle may hold a dictionary in many places, or in itself.
  const seen = new Set<unknown>([checkpoint])
  const search = (dict: Map<unknown, unknown>, prefix: string, levels: number) => {
    for (const [key, item] of dict) {
      const name = textOf(key)
      if (name === undefined || !(item instanceof Map) || seen.has(item)) continue
      seen.add(item)
      if ([...item.values()].some((inner) => inner instanceof View)) found.set(prefix + name, item)
      else if (levels > 1) search(item, `${prefix}${name}.`, levels - 1)
    }
  }
  search(checkpoint, '', LEVELS)
  return found
}
