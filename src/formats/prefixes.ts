/** Beginnings that wrappers of a network add to the names of all its tensors. */
import { expected } from '../base/errors.js'
import { brief } from './pickle.js'

/** What `DataParallel` and `torch.compile` add, in any order. No network has modules of these names. */
const WRAPPERS = ['module.', '_orig_mod.']
/** Most parts of a prefix. A crafted name may have millions. */
const MAX_DEPTH = 6
/** The count of averages in `torch.optim.swa_utils.AveragedModel`, beside the tensors, whose names begin with `module.`. */
const AVERAGES = 'n_averaged'

export interface NamePrefix {
  /** Beginning that was taken off all names, such as `model.`; absent if there is none. */
  readonly prefix?: string
}

export interface Unprefixed<Value> extends NamePrefix {
  readonly tensors: Map<string, Value>
}

/**
 * Takes off what wrappers add to all names, or `wanted`, with which tensors of other names are left out.
 *
 * @throws UserError if no name begins with `wanted`.
 */
export function withoutPrefix<Value>(byName: Map<string, Value>, file: string, wanted?: string): Unprefixed<Value> {
  if (wanted !== undefined) {
    const chosen = [...byName].filter(([name]) => name.startsWith(wanted))
    if (chosen.length === 0) throw expected(listPrefixes([...byName.keys()]), `--prefix of ${file}`, brief(wanted), 2)
    return { tensors: cut(chosen, wanted), prefix: wanted }
  }
  const counted = [...byName].filter(([name]) => name !== AVERAGES)
  if (counted.length < byName.size && counted.every(([name]) => name.startsWith('module.'))) {
    byName = new Map(counted)
  }
  const names = [...byName.keys()]
  let prefix = ''
  for (let depth = 0; depth < MAX_DEPTH && names.length > 0; depth++) {
    prefix += WRAPPERS.find((start) => names.every((name) => name.startsWith(prefix + start))) ?? ''
  }
  return prefix === '' ? { tensors: byName } : { tensors: cut([...byName], prefix), prefix }
}

/**
 * Takes off the shortest beginning that all names share and after which `fits` holds. Without one, leaves the names.
 * Names that fit already are tried too: some implementations are known by a part in the middle of a name.
 */
export function withoutSharedPrefix<Value>(
  byName: Map<string, Value>,
  fits: (byName: ReadonlyMap<string, Value>) => boolean,
): Unprefixed<Value> {
  const all = [...byName]
  const [first = ''] = all[0] ?? []
  let at = first.indexOf('.')
  for (let depth = 0; depth < MAX_DEPTH && at >= 0; depth++) {
    const prefix = first.slice(0, at + 1)
    if (!all.every(([name]) => name.startsWith(prefix))) break
    const tensors = cut(all, prefix)
    if (fits(tensors)) return { tensors, prefix }
    at = first.indexOf('.', at + 1)
  }
  return { tensors: byName }
}

/** The first components of names with their numbers, such as `the prefixes a. (2 of 5 names), b. (3 of 5 names)`. */
export function listPrefixes(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) {
    const prefix = name.slice(0, name.indexOf('.') + 1)
    if (prefix !== '') counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  }
  const shown = [...counts].slice(0, 6).map(([prefix, count]) => `${brief(prefix)} (${count} of ${names.length} names)`)
  return shown.length === 0 ? 'no prefix' : `the prefixes ${shown.join(', ')}`
}

function cut<Value>(byName: readonly (readonly [string, Value])[], prefix: string): Map<string, Value> {
  return new Map(byName.map(([name, value]) => [name.slice(prefix.length), value]))
}
