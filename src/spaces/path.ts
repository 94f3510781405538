/** What all spaces do with paths: check them, count and list them, read them from text. */
import { UserError } from '../base/errors.js'
import type { Choice, Path, SearchSpace } from './space.js'

/** The choices of a path that decides, `count` times, among all of `operations` operations. */
export function operationChoices(names: readonly string[], operations: number): Choice[] {
  const all = [...new Array(operations).keys()]
  return names.map((name) => ({ name, operations: all }))
}

/** Number of options of a choice. */
export function optionsOf(choice: Choice): number {
  return 'operations' in choice ? choice.operations.length : choice.connections
}

/** The operations that a path takes, as indices, in the order of the choices that decide on one. */
export function operationsOf({ choices }: Pick<SearchSpace, 'choices'>, path: Path): number[] {
  const operations: number[] = []
  for (const [c, choice] of choices.entries()) if ('operations' in choice) operations.push(choice.operations[path[c]])
  return operations
}

/** Number of paths. */
export function spaceSize({ choices }: Pick<SearchSpace, 'choices'>): bigint {
  return choices.reduce((product, choice) => product * BigInt(optionsOf(choice)), 1n)
}

/** Throws a {@link UserError} unless `path` has one known option for each choice of the space. */
export function checkPath(space: Pick<SearchSpace, 'name' | 'choices'>, path: Path): void {
  const { name, choices } = space
  if (path.length !== choices.length) {
    const wanted = `${choices.length} numbers for a path of ${name}`
    throw new UserError(`Expected ${wanted} but received ${path.length}: ${path.join(',')}`, 2)
  }
  for (let c = 0; c < choices.length; c++) {
    const option = path[c]
    const last = optionsOf(choices[c]) - 1
    if (Number.isInteger(option) && option >= 0 && option <= last) continue
    const wanted = `0…${last} for ${choices[c].name} in a path of ${name}`
    throw new UserError(`Expected ${wanted} but received ${option} in ${path.join(',')}`, 2)
  }
}

/**
 * Reads `3,0,1,…` (an option per choice) or the space's own notation; throws one clear sentence for anything else. A
 * number on its own is a list only where a path is one choice: elsewhere it may be a notation of digits.
 */
export function parsePath(space: SearchSpace, text: string): Path {
  const trimmed = text.trim()
  const list = space.choices.length === 1 ? /^-?\d+$/ : /^-?\d+(\s*,\s*-?\d+)+$/
  if (!list.test(trimmed)) return space.decode(trimmed)
  const path = trimmed.split(',').map(Number)
  checkPath(space, path)
  return path
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
