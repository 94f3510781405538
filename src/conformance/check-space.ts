/**
 * Checks the rules on which methods, rankings and searches rely, for the tests of a search space. Images and weights
 * are random, so a small instance of the space is enough and much faster.
 */

import { createRandom, RandomStream } from '../base/random.js'
import { Dataset, type Plan, Supernet } from '../native/index.js'
import { type Program, parametersOf } from '../programs/program.js'
import { PathSampler } from '../sampling/paths.js'
import { checkPath, enumeratePaths, operationsOf, optionsOf, parsePath, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { initialise } from '../training/snapshot.js'
import { checkGradient } from './gradient-check.js'

/** Extent of the check. */
export interface ConformanceOptions {
  /** Number of paths to draw and run; default 20. */
  readonly paths?: number
  /** Seed of paths, weights and images; default 0. */
  readonly seed?: number
  /** When aborted, the check ends between two paths and throws the signal's reason. */
  readonly signal?: AbortSignal
}

const IMAGES = 8
/** Largest number added to each initial weight, and taken from it. */
const SCATTER = 0.1
/** Largest number of paths of a space whose notations are all compared. */
const LISTED = 20_000
/** Number of paths drawn for each option, to reach every parameter. */
const ATTEMPTS = 20

/**
 * Lists the rules that `space` breaks, one sentence for each:
 *
 * - Every choice has options, and its operations exist.
 * - `decode` inverts `encode`, whose texts are not read as the numbers of other options. In a space of at most 20,000
 *   paths, no two paths have the same notation.
 * - `program` and `encode` refuse paths outside the space, and `decode` refuses other texts.
 * - Tensors have different names, and some path uses each parameter. Only paths with an operation use the weights that
 *   are marked with it. If paths use different weights, some are marked.
 * - Programs compile and give one finite logit per class.
 * - Gradients are finite, and agree with finite differences of the loss.
 * - A path without its dead edges gives the same logits.
 *
 * @returns The sentences; an empty list if the space keeps all rules.
 * @throws The signal's reason if it aborts; a RangeError for less than one path.
 */
export async function checkSpace(
  space: SearchSpace,
  { paths = 20, seed = 0, signal }: ConformanceOptions = {},
): Promise<string[]> {
  signal?.throwIfAborted()
  if (!(Number.isInteger(paths) && paths > 0)) throw new RangeError(`Expected at least one path but received ${paths}`)
  const problems = [...choiceProblems(space), ...tensorProblems(space)]
  // These problems make drawing paths or building a supernet impossible.
  if (problems.length > 0) return problems
  const sampler = PathSampler.uniform(space.choices)
  const stream = RandomStream.named(seed, 'conformance')
  const drawn = Array.from({ length: paths }, () => sampler.draw(stream))
  problems.push(...notationProblems(space, drawn), ...refusalProblems(space, drawn[0]))
  problems.push(...reachProblems(space, sampler, stream))
  if (problems.length > 0) return problems
  return runProblems(space, drawn, seed, signal)
}

function* choiceProblems({ choices, operations }: SearchSpace): Generator<string> {
  for (const choice of choices) {
    if (!(optionsOf(choice) > 0)) yield `Expected at least one option for ${choice.name} but received none`
    if (!('operations' in choice)) continue
    const unknown = choice.operations.find((operation) => operations[operation] === undefined)
    const last = operations.length - 1
    if (unknown !== undefined) yield `Expected operations 0…${last} for ${choice.name} but received ${unknown}`
    if (new Set(choice.operations).size < choice.operations.length) {
      yield `Expected different operations for ${choice.name} but received ${choice.operations}`
    }
  }
}

function* tensorProblems(space: SearchSpace): Generator<string> {
  const seen = new Set<string>()
  for (const { name, shape } of [...space.parameters(), ...(space.buffers?.() ?? [])]) {
    if (seen.has(name)) yield `Expected different names for all tensors but received ${name} twice`
    seen.add(name)
    if (shape.length === 0 || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
      yield `Expected positive whole extents for ${name} but received ${shape.join('×') || 'none'}`
    }
  }
  for (const { name, operation } of space.parameters()) {
    if (operation === undefined || space.operations[operation] !== undefined) continue
    yield `Expected an operation 0…${space.operations.length - 1} for ${name} but received ${operation}`
  }
}

function* notationProblems(space: SearchSpace, drawn: readonly Path[]): Generator<string> {
  for (const path of drawn) {
    try {
      const text = space.encode(path)
      const read = space.decode(text)
      if (read.join() !== path.join()) yield `Expected ${path} for decode("${text}") but received ${read}`
      const understood = parsePath(space, text)
      if (understood.join() !== path.join()) {
        yield `Expected a notation for ${path} that is no list of options but received "${text}", which is read as ${understood}`
      }
    } catch (error) {
      yield `Expected a notation for path ${path} that decode reads but received the error "${messageOf(error)}"`
      return
    }
  }
  if (spaceSize(space) > LISTED) return
  const known = new Map<string, Path>()
  for (const path of enumeratePaths(space)) {
    let text: string
    try {
      text = space.encode(path)
    } catch (error) {
      yield `Expected a notation for path ${path} but received the error "${messageOf(error)}"`
      return
    }
    const other = known.get(text)
    if (other !== undefined)
      yield `Expected different notations for ${other} and ${path} but received "${text}" for both`
    known.set(text, path)
  }
}

/** Tries paths that are too long or choose an option that does not exist. */
function* refusalProblems(space: SearchSpace, path: Path): Generator<string> {
  const outside = [
    [...path, 0],
    ...space.choices.map((choice, c) => path.with(c, optionsOf(choice))),
    path.map(() => -1),
  ]
  for (const wrong of outside) {
    if (wrong.join() === path.join()) continue
    for (const name of ['program', 'encode'] as const) {
      if (!throws(() => space[name](wrong))) yield `Expected an error for ${name}([${wrong}]) but received none`
    }
  }
  if (!throws(() => space.decode('no path at all')))
    yield 'Expected an error for decode("no path at all") but received none'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function throws(call: () => unknown): boolean {
  try {
    call()
    return false
  } catch {
    return true
  }
}

/** Throws an Error that names the path if it has no program. */
function programOf(space: SearchSpace, path: Path): Program {
  try {
    return space.program(path)
  } catch (error) {
    throw new Error(`Expected a program for path ${path} but received the error "${messageOf(error)}"`)
  }
}

function reachProblems(space: SearchSpace, sampler: PathSampler, stream: RandomStream): string[] {
  const parameters = space.parameters()
  const marks = new Map(parameters.map(({ name, operation }) => [name, operation]))
  const missing = new Set(marks.keys())
  const misplaced = new Map<string, string>()
  let isConditional = false
  const visit = (path: Path) => {
    const { instructions, idle } = programOf(space, path)
    const taken = operationsOf(space, path)
    const names = new Set([...instructions.flatMap(parametersOf), ...idle])
    isConditional ||= names.size < marks.size
    for (const name of names) {
      missing.delete(name)
      const operation = marks.get(name)
      if (operation === undefined || taken.includes(operation) || misplaced.has(name)) continue
      misplaced.set(name, `Expected ${name} in paths with operation ${operation} only but received it in path ${path}`)
    }
  }
  try {
    visit(sampler.draw(stream))
    for (let attempt = 0; attempt < ATTEMPTS && (attempt === 0 || missing.size > 0); attempt++) {
      for (const [c, choice] of space.choices.entries()) {
        for (let option = 0; option < optionsOf(choice); option++) visit(sampler.draw(stream).with(c, option))
      }
    }
  } catch (error) {
    return [messageOf(error)]
  }
  const unreached = [...missing].map((name) => `Expected a path that uses ${name} but received none in many`)
  const isMarked = [...marks.values()].some((operation) => operation !== undefined)
  const hasOperations = space.choices.some((choice) => 'operations' in choice)
  const unmarked = isConditional && hasOperations && !isMarked
  const unseen = 'Expected the mark `operation` on weights of candidate operations but received none: methods go by it'
  return [...unreached, ...misplaced.values(), ...(unmarked ? [unseen] : [])]
}

async function runProblems(
  space: SearchSpace,
  drawn: readonly Path[],
  seed: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const random = createRandom(seed)
  const directions = RandomStream.named(seed, 'directions')
  const { input, classes } = space
  const numbers = () => 2 * random.data.uniform() - 1
  const images = Float32Array.from({ length: IMAGES * input.channels * input.height * input.width }, numbers)
  const labels = Int32Array.from({ length: IMAGES }, () => random.data.integer(classes))
  using dataset = new Dataset({ ...input, images, labels })
  using supernet = Supernet.of(space)
  await initialise(supernet, random)
  // Weights that begin at zero may put a ReLU on its edge, where the loss has no gradient.
  const initial = await supernet.read('parameters')
  await supernet.write(
    'parameters',
    initial.map((weight) => weight + SCATTER * numbers()),
  )
  const indices = Int32Array.from(labels.keys())
  const logitsOf = (plan: Plan) => supernet.logits(plan, dataset, indices)

  const problems: string[] = []
  for (const path of drawn) {
    signal?.throwIfAborted()
    const where = `path ${path}`
    using plan = compiled(() => supernet.compile(space.program(path)), where, problems)
    if (plan === undefined) continue
    const logits = await logitsOf(plan)
    if (logits.length !== IMAGES * classes || !logits.every(Number.isFinite)) {
      problems.push(`Expected ${classes} finite logits per image for ${where} but received ${logits.length / IMAGES}`)
      continue
    }
    const difference = await checkGradient(supernet, plan, { dataset, indices }, directions)
    if (difference !== undefined) problems.push(`${difference}, ${where}`)
    const live = livePath(space, path, problems)
    if (live === undefined) continue
    using other = compiled(() => supernet.compile(space.program(live)), `path ${live}`, problems)
    if (other === undefined) continue
    const error = largestDifference(logits, await logitsOf(other))
    // Not `>`, which a NaN never is.
    if (!(error <= 1e-4)) problems.push(`Expected the logits of ${where} for ${live} but received others, by ${error}`)
  }
  return problems
}

/** The path without its dead edges; undefined if the space has no such rule, and, with one more problem, if it errs. */
function livePath(space: SearchSpace, path: Path, problems: string[]): Path | undefined {
  try {
    const live = space.withoutDeadEdges?.(path)
    if (live === undefined) return undefined
    checkPath(space, live)
    if (space.withoutDeadEdges?.(live).join() !== live.join()) {
      problems.push(`Expected no dead edges in ${live}, which withoutDeadEdges gave, but received some`)
    }
    return live
  } catch (error) {
    problems.push(`Expected a path for withoutDeadEdges([${path}]) but received the error "${messageOf(error)}"`)
    return undefined
  }
}

/** The plan, or undefined and one more problem. */
function compiled(compile: () => Plan, where: string, problems: string[]): Plan | undefined {
  try {
    return compile()
  } catch (error) {
    problems.push(`Expected a program that compiles for ${where} but received the error "${messageOf(error)}"`)
    return undefined
  }
}

/** Largest difference, relative to the largest magnitude in `expected`. */
function largestDifference(expected: Float32Array, received: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - received[i])), 0)
  return difference === 0 ? 0 : difference / largest
}
