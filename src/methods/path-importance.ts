import { parametersOf } from '../program.js'
import type { ParameterSpec, Path, SearchSpace } from '../spaces/space.js'

/**
 * Importance of each candidate operation over one epoch (PA&DA, CVPR 2023, eq. 9): how large the gradients of its
 * weights are when a step uses it. After a step, for each operation k that has weights and occurs in the path,
 * g_k = Σ (‖∇W‖ + ‖∇b‖) over cells and edges using k, divided by its occurrences in the path (dead edges included),
 * from the clipped gradients; then s_k ← (s_k + g_k)/2, starting the epoch from 0.
 *
 * With `perEdge` every edge keeps importances of its own, of the weights that it uses.
 */
export class PathImportance {
  /** Operations, or edges × operations. */
  readonly values: Float64Array
  readonly #operations: number
  readonly #perEdge: boolean
  /** Per parameter the operation it belongs to; absent for stem, residual blocks and head. */
  readonly #operationOf: ReadonlyMap<string, number>
  /** Per parameter the edges that use it; kept for `perEdge` only. */
  readonly #edgesOf: ReadonlyMap<string, readonly number[]>
  /** Operations that have weights. */
  readonly #weighted: ReadonlySet<number>
  readonly #sums: Float64Array

  constructor(space: SearchSpace, perEdge: boolean) {
    this.#operations = space.operations.length
    this.#perEdge = perEdge
    this.#operationOf = operationsOf(space.parameters())
    this.#weighted = new Set(this.#operationOf.values())
    this.#edgesOf = perEdge ? edgesOf(space, this.#operationOf) : new Map()
    this.values = new Float64Array(perEdge ? space.edges * this.#operations : this.#operations)
    this.#sums = new Float64Array(this.values.length)
  }

  /** Adds one step on `path`: norms of the gradients of `parameters`, each times `scale` to be as clipped. */
  add(path: Path, parameters: readonly string[], norms: ArrayLike<number>, scale: number): void {
    this.#sums.fill(0)
    for (let i = 0; i < parameters.length; i++) {
      const operation = this.#operationOf.get(parameters[i])
      if (operation === undefined) continue
      if (!this.#perEdge) this.#sums[operation] += norms[i] * scale
      else
        for (const edge of this.#edgesOf.get(parameters[i])!)
          this.#sums[this.#slot(edge, operation)] += norms[i] * scale
    }
    if (this.#perEdge) {
      for (let edge = 0; edge < path.length; edge++) {
        if (this.#weighted.has(path[edge])) this.#average(this.#slot(edge, path[edge]), 1)
      }
      return
    }
    for (const operation of this.#weighted) {
      const occurrences = path.reduce((count, chosen) => count + (chosen === operation ? 1 : 0), 0)
      if (occurrences > 0) this.#average(operation, occurrences)
    }
  }

  reset(): void {
    this.values.fill(0)
  }

  #slot(edge: number, operation: number): number {
    return edge * this.#operations + operation
  }

  #average(slot: number, occurrences: number): void {
    this.values[slot] = (this.values[slot] + this.#sums[slot] / occurrences) / 2
  }
}

function operationsOf(specs: readonly ParameterSpec[]): Map<string, number> {
  const operations = new Map<string, number>()
  for (const { name, operation } of specs) if (operation !== undefined) operations.set(name, operation)
  return operations
}

/** Finds each parameter's edges by what changes: a path in which only one edge uses operation k names its weights. */
function edgesOf(space: SearchSpace, operationOf: ReadonlyMap<string, number>): Map<string, number[]> {
  const edges = new Map<string, number[]>([...operationOf.keys()].map((name) => [name, []]))
  for (const operation of new Set(operationOf.values())) {
    const other = operation === 0 ? 1 : 0
    for (let edge = 0; edge < space.edges; edge++) {
      const path = Array.from({ length: space.edges }, (_, i) => (i === edge ? operation : other))
      for (const name of parametersOfProgram(space, path)) {
        if (operationOf.get(name) === operation) edges.get(name)!.push(edge)
      }
    }
  }
  return edges
}

function parametersOfProgram(space: SearchSpace, path: Path): Set<string> {
  const program = space.program(path)
  return new Set([...program.instructions.flatMap(parametersOf), ...program.idle])
}
