/** Operations on paths of any space: checking, counting, listing, and reading from text. */
import { expected } from '../base/errors.js'
import type { Choice, Path, SearchSpace } from './space.js'

/** One choice for each name, among all of `operations` operations. */
export function operationChoices(names: readonly string[], operations: number): Choice[] {
  const all = [...new Array(operations).keys()]
  return names.map((name) => ({ name, operations: all }))
}

/** Number of options of a choice. */
export function optionsOf(choice: Choice): number {
  return 'operations' in choice ? choice.operations.length : choice.connections
}

/** Indices of the operations of a path, in the order of the choices that decide on one. */
export function operationsOf({ choices }: Pick<SearchSpace, 'choices'>, path: Path): number[] {
  const operations: number[] = []
  for (const [c, choice] of choices.entries()) if ('operations' in choice) operations.push(choice.operations[path[c]])
  return operations
}

/** Number of paths. */
export function spaceSize({ choices }: Pick<SearchSpace, 'choices'>): bigint {
  return choices.reduce((product, choice) => product * BigInt(optionsOf(choice)), 1n)
}

/** Throws a UserError unless `path` has one known option for each choice of the space. */
export function checkPath(space: Pick<SearchSpace, 'name' | 'choices'>, path: Path): void {
  const { name, choices } = space
  if (path.length !== choices.length) {
    const received = `${path.length}: ${path.join(',')}`
    throw expected(`${choices.length} numbers`, `a path of ${name}`, received, 2)
  }
  for (let c = 0; c < choices.length; c++) {
    const option = path[c]
    const last = optionsOf(choices[c]) - 1
    if (Number.isInteger(option) && option >= 0 && option <= last) continue
    const received = `${option} in ${path.join(',')}`
    throw expected(`0…${last}`, `${choices[c].name} in a path of ${name}`, received, 2)
  }
}

/**
 * Reads `3,0,1,…` (an option per choice) or the space's own notation; throws a UserError of one sentence for anything
 * else. A single number is a list only if paths have one choice; otherwise it may be a notation of digits.
 */
export function parsePath(space: SearchSpace, text: string): Path {
  const trimmed = text.trim()
  const list = space.choices.length === 1 ? /^-?\d+$/ : /^-?\d+(\s*,\s*-?\d+)+$/
  if (!list.test(trimmed)) return space.decode(trimmed)
  const path = trimmed.split(',').map(Number)
  checkPath(space, path)
  return path
}

/** As few paths as have every option of every choice: the k-th takes option k everywhere, or the last one. */
export function pathsWithEveryOption({ choices }: Pick<SearchSpace, 'choices'>): Path[] {
  const options = choices.map(optionsOf)
  return Array.from({ length: Math.max(1, ...options) }, (_, k) => options.map((n) => Math.min(k, n - 1)))
}

/** All paths of the space, in lexicographic order. */
export function* enumeratePaths({ choices }: Pick<SearchSpace, 'choices'>): Generator<Path> {
  const options = choices.map(optionsOf)
  const path = new Array<number>(options.length).fill(0)
  for (;;) {
    yield path.slice()
    let last = options.length - 1
    while (last >= 0 && path[last] === options[last] - 1) path[last--] = 0
    if (last < 0) return
    path[last]++
  }
}
