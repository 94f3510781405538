import { expected } from '../base/errors.js'
import { operationsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { choicesByParameter, choicesOfParameters, operationByParameter } from './candidate-parameters.js'

/**
 * Importance of each candidate operation over one epoch (PA&DA, CVPR 2023, eq. 9): the size of its weights' gradients
 * in the steps that use it. g_k is computed after a step for each operation k that has weights in the path: g_k =
 * Σ (‖∇W‖ + ‖∇b‖) over all its places, divided by its occurrences in the path, dead edges included. Gradients are taken
 * after clipping. Then s_k ← (s_k + g_k)/2. Each epoch starts from 0.
 *
 * In NAS-Bench-Macro, `id` has weights in some layers only: its other occurrences do not count. In DARTS, where
 * connections decide which occurrences of `skip_connect` have weights, all of them count in a step in which one has.
 *
 * With `perEdge`, every choice of an operation has its own importances, from the weights that it uses.
 */
export class PathImportance {
  /** One value per operation; with `perEdge`, choices × K. */
  readonly values: Float64Array
  readonly #space: SearchSpace
  readonly #operations: number
  readonly #perEdge: boolean
  /** Operation of each parameter; absent for stem, residual blocks and head. */
  readonly #operationOf: ReadonlyMap<string, number>
  /** Choices that use each parameter, by position among the choices of operations. */
  readonly #choicesOf: ReadonlyMap<string, readonly number[]>
  /** Choices and operations, as slots, that have weights; undefined if connections decide. */
  readonly #weighted: ReadonlySet<number> | undefined
  readonly #sums: Float64Array

  /** Throws a UserError for `perEdge` in a space whose edges have no weights of their own. */
  constructor(space: SearchSpace, perEdge: boolean) {
    this.#space = space
    this.#operations = space.operations.length
    this.#perEdge = perEdge
    this.#operationOf = operationByParameter(space.parameters())
    this.#choicesOf = perEdge ? edgesOf(space) : choicesOfParameters(space)
    const slots = [...this.#choicesOf].map(([name, rows]) =>
      rows.map((row) => this.#slot(row, this.#operationOf.get(name)!)),
    )
    this.#weighted = slots.every(({ length }) => length > 0) ? new Set(slots.flat()) : undefined
    const rows = perEdge ? space.choices.filter((choice) => 'operations' in choice).length : 1
    this.values = new Float64Array(rows * this.#operations)
    this.#sums = new Float64Array(this.values.length)
  }

  /** Adds one step on `path`. `norms` are the gradient norms of `parameters`; times `scale`, they are as clipped. */
  add(path: Path, parameters: readonly string[], norms: ArrayLike<number>, scale: number): void {
    this.#sums.fill(0)
    const used = new Set<number>()
    for (let i = 0; i < parameters.length; i++) {
      const operation = this.#operationOf.get(parameters[i])
      if (operation === undefined) continue
      used.add(operation)
      if (!this.#perEdge) this.#sums[operation] += norms[i] * scale
      else
        for (const row of this.#choicesOf.get(parameters[i])!)
          this.#sums[this.#slot(row, operation)] += norms[i] * scale
    }
    const taken = operationsOf(this.#space, path)
    const hasWeights = (operation: number, row: number) => this.#weighted?.has(this.#slot(row, operation)) ?? true
    if (this.#perEdge) {
      for (const [row, operation] of taken.entries()) {
        if (hasWeights(operation, row)) this.#average(this.#slot(row, operation), 1)
      }
      return
    }
    for (const operation of used) {
      const occurrences = taken.filter((chosen, row) => chosen === operation && hasWeights(chosen, row)).length
      if (occurrences > 0) this.#average(operation, occurrences)
    }
  }

  /** Gradient norm of all candidate operations among `parameters` together. */
  norm(parameters: readonly string[], norms: ArrayLike<number>): number {
    let squares = 0
    for (let i = 0; i < parameters.length; i++) if (this.#operationOf.has(parameters[i])) squares += norms[i] ** 2
    return Math.sqrt(squares)
  }

  reset(): void {
    this.values.fill(0)
  }

  #slot(row: number, operation: number): number {
    return row * this.#operations + operation
  }

  #average(slot: number, occurrences: number): void {
    this.values[slot] = (this.values[slot] + this.#sums[slot] / occurrences) / 2
  }
}

/** The one choice that uses each parameter. Throws a UserError if choices share one, and so its gradient too. */
function edgesOf(space: SearchSpace): Map<string, readonly number[]> {
  const choices = choicesByParameter(space, 'method.perEdge')
  const shared = [...choices].find(([, rows]) => rows.length > 1)
  if (shared === undefined) return choices
  const wanted = 'a space whose edges have weights of their own'
  throw expected(wanted, 'method.perEdge', `${space.name} with ${shared[0]}`, 2)
}
