/** Turns weights of other implementations into weights of a supernet: renames, completes, checks and reports. */
import { expected, UserError } from '../base/errors.js'
import { listPrefixes } from '../formats/prefixes.js'
import type { Tensor } from '../formats/safetensors.js'
import { checkPath, parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { isCounter, listed, matchWeights } from './match.js'
import { NAME_MAP_NAMES, nameMap, recogniseNames } from './name-maps/index.js'
import type { GivenPath, NameMap } from './name-maps/name-map.js'
import { subModelNames } from './sub-model.js'

/** Facts about tensors to import. */
export interface ImportOptions {
  /** The implementation that named the tensors, such as `autodl`; by default the names tell it. */
  readonly from?: string
  /**
   * If true (default), throws unless all tensors that the supernet (or the sub-model) needs are there and all others
   * change no logits. If false, takes every tensor that fits.
   */
  readonly strict?: boolean
  /**
   * The sub-model that the tensors belong to, if not to a whole supernet. Needed if their shapes do not tell it. For a
   * network of DARTS, give the genotype as it was published: its order of operations decides the tensors' names.
   */
  readonly path?: Path | string
  /** Name of the tensors in messages; default `the checkpoint`. */
  readonly source?: string
}

/** A tensor that was filled in or passed over, and the reason why that changes no logits. */
export interface Explained {
  readonly name: string
  readonly reason: string
}

/** Report of an import. `passedOver`, `lost` and `left` use the file's names, all other lists the supernet's. */
export interface ImportReport {
  /** The implementation that named the tensors. */
  readonly from: string
  readonly space: string
  /** The sub-model, in the space's notation; absent for weights of a whole supernet. */
  readonly arch?: string
  /** Number of tensors that were taken. */
  readonly matched: number
  /** Tensors that the file lacks and need not hold. */
  readonly filled: readonly Explained[]
  /** Tensors that keep their initial values. */
  readonly initial: readonly string[]
  /** Tensors that the file lacks but the supernet, or the sub-model, needs. */
  readonly missing: readonly string[]
  /** Tensors of another shape or of integers, in words. */
  readonly misfits: readonly string[]
  /** Tensors of the file that change no logits. */
  readonly passedOver: readonly Explained[]
  /** Scales other than one and shifts other than zero of batch norms that have no parameters in the space. */
  readonly lost: readonly string[]
  /** All other tensors of the file that the space has no place for. */
  readonly left: readonly string[]
}

/** Imported weights of a supernet. */
export interface Imported {
  /** Tensors by the supernet's names, in its order: all but `initial` of the report. */
  readonly weights: ReadonlyMap<string, Tensor>
  readonly report: ImportReport
}

/**
 * Imports tensors, as `readWeights` returns them, into a supernet.
 *
 * @throws UserError for tensors of another space, a sub-model that nothing tells, tensors none of which fit, and
 *   numbers that are not finite. If strict, also for missing tensors, tensors of another shape, and others that may
 *   change logits.
 */
export function importWeights(
  space: SearchSpace,
  tensors: ReadonlyMap<string, Tensor>,
  options: ImportOptions = {},
): Imported {
  const { strict = true, source = 'the checkpoint' } = options
  const map = chooseMap(space, [...tensors.keys()], options.from, source)
  const { names, path, plainNorms = [] } = map.translate(tensors, space, givenPath(space, options.path))
  const renamed = rename(tensors, names, source)
  const specs = [...space.parameters(), ...(space.buffers?.() ?? [])]
  const { matched, missing, misfits } = matchWeights(specs, renamed)
  if (matched.length === 0 && misfits.length === 0) throw nothingKnown(source, [...tensors.keys()])

  const present = new Set(matched)
  const filled = new Map<string, Filling>()
  for (const name of missing) {
    if (plainNorms.some((norm) => name === `${norm}.weight`)) filled.set(name, ONES)
    else if (plainNorms.some((norm) => name === `${norm}.bias`)) filled.set(name, NO_SHIFT)
    else if (map.ineffectiveBiases?.test(name) && present.has(name.replace(/bias$/, 'weight'))) {
      filled.set(name, NO_BIAS)
    }
  }
  const needed = path && subModelNames(space, path)
  const known = new Set(specs.map(({ name }) => name))
  const report: ImportReport = {
    from: map.name,
    space: space.name,
    ...(path && { arch: space.encode(path) }),
    matched: matched.length,
    filled: [...filled].map(([name, { reason }]) => ({ name, reason })),
    initial: [...known].filter((name) => !present.has(name) && !filled.has(name)),
    missing: missing.filter((name) => !filled.has(name) && (needed?.has(name) ?? true)),
    misfits,
    ...sortOthers(map, new Map([...tensors].filter(([name]) => !known.has(names.get(name) ?? '')))),
  }
  check(report, map, needed?.size ?? specs.length, strict, source)
  requireFinite(matched, renamed, source)
  const weights = new Map<string, Tensor>()
  for (const { name, shape } of specs) {
    if (present.has(name)) weights.set(name, renamed.get(name)!)
    const filling = filled.get(name)
    if (filling) weights.set(name, { shape, data: new Float32Array(shape[0]).fill(filling.value) })
  }
  return { weights, report }
}

/** The value of all scalars of a tensor that the file need not hold. */
interface Filling {
  readonly value: number
  readonly reason: string
}

const NO_BIAS: Filling = { value: 0, reason: 'zeros: a bias before a batch norm changes nothing' }
const ONES: Filling = { value: 1, reason: 'ones: the batch norm has no scale in the checkpoint' }
const NO_SHIFT: Filling = { value: 0, reason: 'zeros: the batch norm has no shift in the checkpoint' }

function nothingKnown(source: string, names: readonly string[]): UserError {
  const received = names.length === 0 ? 'no tensors' : `${names.slice(0, 3).join(', ')}, with ${listPrefixes(names)}`
  return new UserError(`Expected names of ${NAME_MAP_NAMES.join(', ')} in ${source} but received ${received}`)
}

/** Tensors by the supernet's names. Tensors without a counterpart are left out. */
function rename(
  tensors: ReadonlyMap<string, Tensor>,
  names: ReadonlyMap<string, string>,
  source: string,
): Map<string, Tensor> {
  const renamed = new Map<string, Tensor>()
  for (const [theirs, tensor] of tensors) {
    const ours = names.get(theirs)
    if (ours === undefined) continue
    if (renamed.has(ours)) throw expected('one tensor', `${ours} in ${source}`, 'two')
    renamed.set(ours, tensor)
  }
  return renamed
}

function chooseMap(space: SearchSpace, names: readonly string[], from: string | undefined, source: string): NameMap {
  const map = from === undefined ? recogniseNames(names) : nameMap(from)
  if (map === undefined) {
    throw expected(NAME_MAP_NAMES.join(', '), 'from', `"${from}"`, 2)
  }
  if (map.spaces?.includes(space.name) ?? true) return map
  const wanted = `weights of ${space.name} in ${source}`
  throw new UserError(`Expected ${wanted} but received those of ${map.name}, which are of ${map.spaces?.[0]}`)
}

function givenPath(space: SearchSpace, given: Path | string | undefined): GivenPath | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'string') {
    checkPath(space, given)
    return { path: given, text: space.encode(given) }
  }
  const path = parsePath(space, given)
  // Maps read the space's notation, not indices.
  return { path, text: /[a-z]/i.test(given) ? given : space.encode(path) }
}

/** Sorts tensors that the space has no place for into harmless, lost and left ones. */
function sortOthers(
  map: NameMap,
  tensors: ReadonlyMap<string, Tensor>,
): Pick<ImportReport, 'passedOver' | 'lost' | 'left'> {
  const passedOver: Explained[] = []
  const lost: string[] = []
  const left: string[] = []
  for (const [name, { data }] of tensors) {
    const part = normPart(map, name)
    const identity = part === 'weight' ? 1 : 0
    if (isCounter(name)) passedOver.push({ name, reason: 'a count of batches' })
    else if (part?.startsWith('running_')) {
      passedOver.push({ name, reason: 'running statistics, in the place of which the batch has its own' })
    } else if (part !== undefined) {
      const isIdentity = data instanceof Float32Array && data.every((value) => value === identity)
      if (isIdentity) passedOver.push({ name, reason: part === 'weight' ? 'a scale of 1' : 'a shift of 0' })
      else lost.push(name)
    } else {
      const reason = map.unused?.(name)
      if (reason === undefined) left.push(name)
      else passedOver.push({ name, reason })
    }
  }
  return { passedOver, lost, left }
}

/** Part of a batch norm that a name means, if the norm uses the statistics of the batch; else undefined. */
function normPart(map: NameMap, name: string): string | undefined {
  const [, module, part] = /^(.*)\.(weight|bias|running_mean|running_var)$/.exec(name) ?? []
  return module !== undefined && map.norms?.test(module) ? part : undefined
}

/** Throws for weights of a training that diverged, and for doubles too large for float32. */
function requireFinite(names: readonly string[], tensors: ReadonlyMap<string, Tensor>, source: string): void {
  for (const name of names) {
    const { data } = tensors.get(name)!
    for (const value of data) {
      if (Number.isFinite(value)) continue
      throw expected('finite numbers', `${name} in ${source}`, value)
    }
  }
}

function check(report: ImportReport, map: NameMap, needed: number, strict: boolean, source: string): void {
  const { space, arch, from, lost } = report
  const wanted = `the ${needed} tensors of ${arch === undefined ? space : `${arch} of ${space}`} in ${source}`
  const taken = lost.every((name) => map.affineNorms?.test(name))
  const complaints = [
    listed('missing', report.missing),
    listed('of another shape', report.misfits),
    listed('left over', report.left),
    listed(`without a place in the norms of ${space}${taken ? ', which space.affine=true takes' : ''}`, lost),
  ].filter((complaint) => complaint !== undefined)
  if (report.matched === 0 || (strict && complaints.length > 0)) {
    throw new UserError(`Expected ${wanted} but received, by the names of ${from}, ${complaints.join('; ')}`)
  }
}
