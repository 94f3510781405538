import type { RandomStream } from '../base/random.js'
import { scalars } from '../base/shapes.js'
import type { Batch, Plan, Supernet } from '../native/index.js'

/** The part of a supernet that the comparison needs. Its running statistics move with every step. */
type Differentiable = Pick<Supernet, 'specs' | 'read' | 'write' | 'accumulate'>

/**
 * Relative tolerances: the loss is curved, and has edges where ReLUs switch. Random directions are less steep than the
 * gradient's, so the same edges count more there.
 */
const TOLERANCE = { gradient: 0.05, random: 0.2 }
/** Error of a change of the loss by rounding to float32. */
const ROUNDING = 5e-6
/** Change of the loss that the first step aims at, as a multiple of the smallest change that rounding lets compare. */
const FIRST_CHANGE = 80
/** Largest step, as a share of the norm of the weights that it moves. */
const LARGEST_STEP = 1e-2

/**
 * Compares a path's gradient with central differences of its training loss. It moves the weights of each candidate
 * operation, and then all other weights, in these directions:
 *
 * - along their gradient, where the slope is the gradient's norm;
 * - at random, because a slope along a gradient does not tell whether a part of the gradient is missing;
 * - at random in tensors whose gradient is zero, where the loss must not change.
 *
 * Resolves to a sentence if they differ, or if a gradient is not finite. Restores weights and running statistics, and
 * sets gradients to zero.
 *
 * @param random Draws the random directions.
 */
export async function checkGradient(
  supernet: Differentiable,
  plan: Pick<Plan, 'parameters'>,
  batch: Batch,
  random: RandomStream,
): Promise<string | undefined> {
  const weights = await supernet.read('parameters')
  const statistics = await supernet.read('buffers')
  const lossAt = async (values: Float32Array) => {
    await supernet.write('parameters', values)
    return (await supernet.accumulate(plan as Plan, batch)).totalLoss
  }
  try {
    await lossAt(weights)
    const gradients = await supernet.read('gradients')
    for (const [operation, ranges] of rangesByOperation(supernet, plan)) {
      const whose = operation === undefined ? 'weights of no operation' : `weights of operation ${operation}`
      const total = magnitude(gradients, ranges)
      if (!Number.isFinite(total)) return `Expected finite gradients for ${whose} but received ${total}`
      for (const direction of directionsOf(gradients, ranges, random)) {
        const difference = await differenceAlong(direction, weights, gradients, lossAt)
        if (difference === undefined) continue
        const { expected, received } = difference
        return `Expected a change of the loss by ${expected} for ${whose} but received ${received}`
      }
    }
    return undefined
  } finally {
    await supernet.write('parameters', weights)
    await supernet.write('buffers', statistics)
    await supernet.write('gradients', new Float32Array(weights.length))
  }
}

/** A direction of length 1. */
interface Direction {
  /** The weights that move. */
  readonly ranges: readonly Range[]
  /** An entry per weight of the supernet. */
  readonly entries: Float64Array
  readonly tolerance: number
}

function directionsOf(gradients: Float32Array, ranges: readonly Range[], random: RandomStream): Direction[] {
  const sign = () => (random.integer(2) === 0 ? 1 : -1)
  const direction = (ranges: readonly Range[], tolerance: number, entryAt: (index: number) => number): Direction => {
    const entries = new Float64Array(gradients.length)
    for (const [begin, end] of ranges) for (let i = begin; i < end; i++) entries[i] = entryAt(i)
    const length = Math.sqrt(sumOver(ranges, (i) => entries[i] ** 2))
    return { ranges, entries: entries.map((entry) => entry / length), tolerance }
  }
  const flat = ranges.filter((range) => magnitude(gradients, [range]) === 0)
  return [
    ...(flat.length < ranges.length ? [direction(ranges, TOLERANCE.gradient, (i) => gradients[i])] : []),
    direction(ranges, TOLERANCE.random, sign),
    ...(flat.length > 0 ? [direction(flat, TOLERANCE.random, sign)] : []),
  ]
}

/** The change of the loss along a direction that the gradient tells, and the change that was received instead. */
async function differenceAlong(
  { ranges, entries, tolerance }: Direction,
  weights: Float32Array,
  gradients: Float32Array,
  lossAt: (weights: Float32Array) => Promise<number>,
): Promise<{ readonly expected: number; readonly received: number } | undefined> {
  const lossBy = (way: number) => {
    const values = weights.slice()
    for (const [begin, end] of ranges) for (let i = begin; i < end; i++) values[i] += way * entries[i]
    return lossAt(values)
  }
  const slope = sumOver(ranges, (i) => gradients[i] * entries[i])
  // A random direction may have a small slope by chance. Errors are as large as its slope usually is.
  const usual = Math.sqrt(sumOver(ranges, (i) => (gradients[i] * entries[i]) ** 2))
  const steepness = Math.max(Math.abs(slope), usual)
  const largest = LARGEST_STEP * Math.sqrt(sumOver(ranges, (i) => weights[i] ** 2))
  const least = ROUNDING / tolerance
  let step = Math.min((FIRST_CHANGE * least) / (2 * steepness), largest)
  let size: number | undefined
  let difference: { expected: number; received: number } | undefined
  // Errors by curvature and edges vanish with the step; a wrong gradient stays wrong.
  for (; ; step /= 2, size /= 2) {
    const expected = 2 * step * slope
    const received = (await lossBy(step)) - (await lossBy(-step))
    size ??= Math.max(Math.abs(received), 2 * step * steepness)
    if (size < least) return difference
    if (Math.abs(received - expected) <= tolerance * size) return undefined
    difference = { expected, received }
    if (!Number.isFinite(received)) return difference
  }
}

type Range = readonly [begin: number, end: number]

/** Ranges of the plan's parameters in the supernet's flat state, by operation. */
function rangesByOperation(
  { specs }: Differentiable,
  plan: Pick<Plan, 'parameters'>,
): Map<number | undefined, Range[]> {
  const used = new Set(plan.parameters)
  const ranges = new Map<number | undefined, Range[]>()
  let begin = 0
  for (const { name, shape, operation } of specs) {
    const end = begin + scalars(shape)
    if (used.has(name)) ranges.set(operation, [...(ranges.get(operation) ?? []), [begin, end]])
    begin = end
  }
  return ranges
}

function sumOver(ranges: readonly Range[], term: (index: number) => number): number {
  let sum = 0
  for (const [begin, end] of ranges) for (let i = begin; i < end; i++) sum += term(i)
  return sum
}

/** Sum of absolute values. */
function magnitude(values: Float32Array, ranges: readonly Range[]): number {
  return sumOver(ranges, (i) => Math.abs(values[i]))
}
