/** The rules for what the programs of a search space compute, tried with random images and weights. */
import { createRandom, RandomStream } from '../base/random.js'
import { Dataset, type Plan, Supernet } from '../native/index.js'
import { checkPath } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { initialise } from '../training/snapshot.js'
import { messageOf } from './description.js'
import { checkGradient } from './gradient-check.js'

const IMAGES = 8
/** Largest number added to each initial weight, and taken from it. */
const SCATTER = 0.1
/** Largest difference of logits that only differ in the order of sums, relative to the largest logit. */
const TOLERANCE = 1e-4

/**
 * The problems of the first path in `drawn` that has any, one sentence each.
 *
 * @throws The signal's reason if it aborts.
 */
export async function computationProblems(
  space: SearchSpace,
  drawn: readonly Path[],
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal },
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
  const batch = { dataset, indices: Int32Array.from(labels.keys()) }
  for (const path of drawn) {
    signal?.throwIfAborted()
    const problems = await problemsOfPath(space, path, { supernet, batch, directions })
    if (problems.length > 0) return problems
  }
  return []
}

interface Instance {
  readonly supernet: Supernet
  readonly batch: { readonly dataset: Dataset; readonly indices: Int32Array }
  readonly directions: RandomStream
}

async function problemsOfPath(space: SearchSpace, path: Path, instance: Instance): Promise<string[]> {
  const { supernet, batch, directions } = instance
  const { classes } = space
  const problems: string[] = []
  const where = `path ${path}`
  const logitsOf = (plan: Plan) => supernet.logits(plan, batch.dataset, batch.indices)
  using plan = compiled(() => supernet.compile(space.program(path)), where, problems)
  if (plan === undefined) return problems
  let logits: Float32Array
  try {
    logits = await logitsOf(plan)
  } catch (error) {
    return [`Expected logits for ${where} and images of the space's input but received the error "${messageOf(error)}"`]
  }
  if (logits.length !== IMAGES * classes || !logits.every(Number.isFinite)) {
    return [`Expected ${classes} finite logits per image for ${where} but received ${logits.length / IMAGES}`]
  }
  const difference = await checkGradient(supernet, plan, batch, directions)
  if (difference !== undefined) problems.push(`${difference}, ${where}`)
  const live = livePath(space, path, problems)
  if (live === undefined) return problems
  using other = compiled(() => supernet.compile(space.program(live)), `path ${live}`, problems)
  if (other === undefined) return problems
  const error = largestDifference(logits, await logitsOf(other))
  // Not `>`, which a NaN never is.
  if (!(error <= TOLERANCE))
    problems.push(`Expected the logits of ${where} for ${live} but received others, by ${error}`)
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
