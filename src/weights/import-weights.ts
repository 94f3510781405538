/** Weights of reference implementations as those of a supernet: renamed, completed and checked, with an account of it. */
import { UserError } from '../base/errors.js'
import type { Tensor } from '../formats/safetensors.js'
import { checkPath, parsePath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { isCounter, listed, matchWeights } from './match.js'
import { NAME_MAP_NAMES, nameMap, recogniseNames } from './name-maps/index.js'
import type { GivenPath, NameMap } from './name-maps/name-map.js'
import { subModelNames } from './sub-model.js'

/** What is known of tensors that are taken for weights of a supernet. */
export interface ImportOptions {
  /** Whose names the tensors have, such as `autodl`; by default told from the names. */
  readonly from?: string
  /**
   * Default true: throws unless the tensors are all that the supernet (or the sub-model) needs and what is left of them
   * changes no logits. Otherwise what fits is taken.
   */
  readonly strict?: boolean
  /**
   * The sub-model that the tensors belong to, if not to a whole supernet. Needed where their shapes do not tell it. For a
   * network of DARTS the genotype as it was written, because the order of operations in it names them.
   */
  readonly path?: Path | string
  /** What messages call the tensors; default `the checkpoint`. */
  readonly source?: string
}

/** A tensor that was made up or passed over, and why that changes no logits. */
export interface Explained {
  readonly name: string
  readonly reason: string
}

/** What became of the tensors. Names are the supernet's, but those of the file in `passedOver`, `lost` and `left`. */
export interface ImportReport {
  /** Whose names they had. */
  readonly from: string
  readonly space: string
  /** The sub-model, in the space's notation; absent for weights of a whole supernet. */
  readonly arch?: string
  /** Number of tensors that were taken. */
  readonly matched: number
  /** What the file need not hold. */
  readonly filled: readonly Explained[]
  /** What keeps its initial values. */
  readonly initial: readonly string[]
  /** What of that the supernet, or the sub-model, should have had. */
  readonly missing: readonly string[]
  /** What has another shape, in words. */
  readonly misfits: readonly string[]
  readonly passedOver: readonly Explained[]
  /** Scales other than one and shifts other than zero of batch norms that have none in the space. */
  readonly lost: readonly string[]
  /** All else that the space has no place for. */
  readonly left: readonly string[]
}

/** Weights of a supernet that came from elsewhere. */
export interface Imported {
  /** By the supernet's names and in its order; all of its tensors, unless `initial` of the report names some. */
  readonly weights: ReadonlyMap<string, Tensor>
  readonly report: ImportReport
}

/**
 * Takes tensors, as `readWeights` gives them, for weights of a supernet.
 *
 * @throws UserError for tensors of another space, a sub-model that cannot be told, weights none of which fit, and numbers
 *   that are not finite; if strict, also for those that are not complete, and those that lose something that matters.
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

/** What all scalars of a tensor are that the file need not hold. */
interface Filling {
  readonly value: number
  readonly reason: string
}

const NO_BIAS: Filling = { value: 0, reason: 'zeros: a bias before a batch norm changes nothing' }
const ONES: Filling = { value: 1, reason: 'ones: the batch norm has no scale in the checkpoint' }
const NO_SHIFT: Filling = { value: 0, reason: 'zeros: the batch norm has no shift in the checkpoint' }

function nothingKnown(source: string, names: readonly string[]): UserError {
  const received = names.length === 0 ? 'no tensors' : names.slice(0, 3).join(', ')
  return new UserError(`Expected names of ${NAME_MAP_NAMES.join(', ')} in ${source} but received ${received}`)
}

/** Tensors by the supernet's names; those without a counterpart are left out. */
function rename(
  tensors: ReadonlyMap<string, Tensor>,
  names: ReadonlyMap<string, string>,
  source: string,
): Map<string, Tensor> {
  const renamed = new Map<string, Tensor>()
  for (const [theirs, tensor] of tensors) {
    const ours = names.get(theirs)
    if (ours === undefined) continue
    if (renamed.has(ours)) throw new UserError(`Expected one tensor for ${ours} in ${source} but received two`)
    renamed.set(ours, tensor)
  }
  return renamed
}

function chooseMap(space: SearchSpace, names: readonly string[], from: string | undefined, source: string): NameMap {
  const map = from === undefined ? recogniseNames(names) : nameMap(from)
  if (map === undefined) {
    throw new UserError(`Expected ${NAME_MAP_NAMES.join(', ')} for from but received "${from}"`, 2)
  }
  if (map.spaces?.includes(space.name) ?? true) return map
  const expected = `weights of ${space.name} in ${source}`
  throw new UserError(`Expected ${expected} but received those of ${map.name}, which are of ${map.spaces?.[0]}`)
}

function givenPath(space: SearchSpace, given: Path | string | undefined): GivenPath | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'string') {
    checkPath(space, given)
    return { path: given, text: space.encode(given) }
  }
  const path = parsePath(space, given)
  // Indices are not in the space's notation, which maps read.
  return { path, text: /[a-z]/.test(given) ? given : space.encode(path) }
}

/** What no tensor of the space takes: harmless, lost or merely left. */
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

/** Which tensor of a batch norm by the batch a name means, if of any. */
function normPart(map: NameMap, name: string): string | undefined {
  const [, module, part] = /^(.*)\.(weight|bias|running_mean|running_var)$/.exec(name) ?? []
  return module !== undefined && map.norms?.test(module) ? part : undefined
}

/** Those of a training that diverged, or doubles too large for float32. */
function requireFinite(names: readonly string[], tensors: ReadonlyMap<string, Tensor>, source: string): void {
  for (const name of names) {
    const { data } = tensors.get(name)!
    for (const value of data) {
      if (Number.isFinite(value)) continue
      throw new UserError(`Expected finite numbers for ${name} in ${source} but received ${value}`)
    }
  }
}

function check(report: ImportReport, map: NameMap, needed: number, strict: boolean, source: string): void {
  const { space, arch, from, lost } = report
  const expected = `Expected the ${needed} tensors of ${arch === undefined ? space : `${arch} of ${space}`} in ${source}`
  const taken = lost.every((name) => map.affineNorms?.test(name))
  const complaints = [
    listed('missing', report.missing),
    listed('of another shape', report.misfits),
    listed('left over', report.left),
    listed(`without a place in the norms of ${space}${taken ? ', which space.affine=true takes' : ''}`, lost),
  ].filter((complaint) => complaint !== undefined)
  if (report.matched === 0 || (strict && complaints.length > 0)) {
    throw new UserError(`${expected} but received, by the names of ${from}, ${complaints.join('; ')}`)
  }
}
