import { scalars } from '../base/shapes.js'
import type { Batch, Plan, Supernet } from '../native/index.js'

/** The part of a supernet that the comparison needs. */
type Differentiable = Pick<Supernet, 'specs' | 'read' | 'write' | 'accumulate'>

/** Change of the loss that the first step aims at. */
const CHANGE = 8e-3
/** Largest step, as a share of the norm of the weights. */
const LARGEST_STEP = 1e-3
/** Relative tolerance: the loss is rounded to float32, is curved, and has edges where ReLUs switch. */
const TOLERANCE = 0.05
/** Smallest change of the loss to compare: rounding dominates smaller ones. */
const LEAST_CHANGE = 2e-4

/**
 * Compares a path's gradient with central differences of its training loss. It moves the weights of each candidate
 * operation, and then all other weights, along their gradient: the slope in that direction is the gradient's norm.
 * Resolves to a sentence if they differ. Restores the weights and sets gradients to zero.
 */
export async function checkGradient(
  supernet: Differentiable,
  plan: Pick<Plan, 'parameters'>,
  batch: Batch,
): Promise<string | undefined> {
  const weights = await supernet.read('parameters')
  const lossAt = async (values: Float32Array) => {
    await supernet.write('parameters', values)
    return (await supernet.accumulate(plan as Plan, batch)).loss
  }
  await lossAt(weights)
  const gradients = await supernet.read('gradients')
  let problem: string | undefined
  for (const [operation, ranges] of rangesByOperation(supernet, plan)) {
    const norm = lengthOf(gradients, ranges)
    const moved = (step: number) => {
      const values = weights.slice()
      for (const [begin, end] of ranges) {
        for (let i = begin; i < end; i++) values[i] += (step * gradients[i]) / norm
      }
      return values
    }
    let step = Math.min(CHANGE / (2 * norm), LARGEST_STEP * lengthOf(weights, ranges))
    let difference: string | undefined
    // Errors by curvature and edges vanish with the step; a wrong gradient stays wrong.
    for (; 2 * step * norm >= LEAST_CHANGE; step /= 2) {
      const expected = 2 * step * norm
      const change = (await lossAt(moved(step))) - (await lossAt(moved(-step)))
      difference = undefined
      if (Math.abs(change / expected - 1) <= TOLERANCE) break
      const whose = operation === undefined ? 'weights of no operation' : `weights of operation ${operation}`
      difference = `Expected a change of the loss by ${expected} for ${whose} but received ${change}`
    }
    problem ??= difference
  }
  await supernet.write('parameters', weights)
  await supernet.write('gradients', new Float32Array(gradients.length))
  return problem
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

function lengthOf(values: Float32Array, ranges: readonly Range[]): number {
  let squares = 0
  for (const [begin, end] of ranges) for (let i = begin; i < end; i++) squares += values[i] ** 2
  return Math.sqrt(squares)
}
