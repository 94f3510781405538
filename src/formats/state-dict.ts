/** Finds the state dict in a checkpoint, and the names of its tensors. */
import { expected, type UserError } from '../base/errors.js'
import { brief, Opaque, PickleGlobal } from './pickle.js'
import { type NamePrefix, withoutPrefix } from './prefixes.js'
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
  'model_state',
  'weights',
  'params',
]

/** End of the names under which modules keep what is no tensor, by `get_extra_state`. */
const EXTRA_STATE = '_extra_state'
/** End of the names of a module's tensors. */
const PART = /\.(weight|bias|running_mean|running_var)$/

/** Levels of dictionaries that are searched for state dicts. */
const LEVELS = 3

/** Which state dict of a checkpoint was read. */
export interface StateDictChoice extends NamePrefix {
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
  /**
   * Beginning of the names of the network's tensors, such as `model.`. It is taken off, and tensors with other names
   * are left out. By default a beginning that all names share, if the rest are names of a known network.
   */
  readonly prefix?: string
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
 * @throws UserError for anything else, a key or prefix that is not there, and several state dicts under unusual keys.
 */
export function findViews(value: unknown, file: string, options: StateDictOptions = {}): FoundViews {
  if (!(value instanceof Map)) {
    const advice = value instanceof Opaque ? ', which is not run: save its state_dict() instead' : ''
    throw invalid(file, 'a state dict of tensors', describe(value) + advice)
  }
  const nested = stateDictsIn(value)
  const keys = [...nested.keys()]
  if (keys.length === 0 && !holdsTensors(value)) throw withoutWeights(value, file)
  const isOne = isStateDict(value)
  const usualKey = () => USUAL_KEYS.find((name) => nested.has(name)) ?? unusualKey(value, keys, file)
  const key = options.key ?? (isOne ? undefined : usualKey())
  const dict = key === undefined ? value : nested.get(key)
  if (dict === undefined) throw noSuchKey(options.key, keys, file)
  const views = new Map<string, View>()
  for (const [name, item] of dict) {
    const text = textOf(name)
    if (text === undefined) throw invalid(file, 'names as keys', typeof name)
    if (item instanceof View) views.set(text, item)
    // Averages of the same network, which a script put beside its tensors, are among the other keys.
    else if (!text.endsWith(EXTRA_STATE) && !(isOne && dict === value && nested.has(text))) {
      throw invalid(file, `a tensor for ${brief(text)}`, describe(item))
    }
  }
  const otherKeys = keys.filter((other) => other !== key)
  const { tensors, prefix } = withoutPrefix(views, file, options.prefix)
  return { views: tensors, ...(key !== undefined && { key }), otherKeys, ...(prefix !== undefined && { prefix }) }
}

/** Refuses a checkpoint without tensors, and lists what it holds. */
function withoutWeights(value: ReadonlyMap<unknown, unknown>, file: string): UserError {
  const items = [...value].slice(0, 8).map(([key, item]) => `${brief(textOf(key) ?? '?')} (${describe(item)})`)
  const rest = value.size > items.length ? ', …' : ''
  const received = value.size === 0 ? 'an empty dictionary' : `no tensor, only ${items.join(', ')}${rest}`
  return expected('weights', file, received)
}

/** A value of a pickle in a few words. */
function describe(value: unknown): string {
  if (value instanceof Opaque || value instanceof PickleGlobal) return `an object of ${brief(value.name)}`
  if (value instanceof Map) return value.size === 0 ? 'an empty dictionary' : 'a dictionary'
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'None'
  return Buffer.isBuffer(value) ? 'bytes' : value instanceof View ? 'a tensor' : `a ${typeof value}`
}

/** True for a dictionary of a network's tensors, whatever else it holds. */
function isStateDict(dict: ReadonlyMap<unknown, unknown>): boolean {
  for (const [key, item] of dict) if (item instanceof View && PART.test(textOf(key) ?? '')) return true
  return false
}

function holdsTensors(dict: ReadonlyMap<unknown, unknown>): boolean {
  for (const item of dict.values()) if (item instanceof View) return true
  return false
}

/** A file and the key that was read of it, for messages about its tensors. */
export function placeOf(file: string, { key, otherKeys }: StateDictChoice): string {
  const others = otherKeys.length === 0 ? '' : ` (others: ${otherKeys.map(brief).join(', ')})`
  return key === undefined ? file : `${file} under the key ${brief(key)}${others}`
}

/** Refuses a key in a file that holds one state dict only. */
export function noSuchKey(wanted: string | undefined, keys: readonly string[], file: string): UserError {
  const there = keys.length === 0 ? 'no key, because there is one state dict only,' : keys.map(brief).join(' or ')
  return expected(there, `--key of ${file}`, wanted === undefined ? 'none' : brief(wanted), 2)
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
      if (name === undefined || name.endsWith(EXTRA_STATE) || !(item instanceof Map) || seen.has(item)) continue
      seen.add(item)
      if (holdsTensors(item)) found.set(prefix + name, item)
      else if (levels > 1) search(item, `${prefix}${name}.`, levels - 1)
    }
  }
  search(checkpoint, '', LEVELS)
  return found
}
