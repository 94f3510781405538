/** Names of operations and choices, which a run's events lack and its settings tell. */
import { type ConfigInput, parseConfig } from '../config/index.js'
import { createSpace, type SearchSpace } from '../spaces/index.js'
import type { Distribution } from './messages.js'

export interface SpaceNames {
  readonly operations: readonly string[]
  /** Names of the choices of operations. */
  readonly choices: readonly string[]
  /** Names of the choices of connections. */
  readonly connections: readonly string[]
}

/** The space of a search's settings; undefined for settings that this version does not know, and a space of one's own. */
export function spaceOf(settings: unknown): SearchSpace | undefined {
  try {
    return createSpace(parseConfig({ space: (settings as ConfigInput).space }).space)
  } catch {
    return undefined
  }
}

/** The names in the space of a search's settings; undefined for settings that this version does not know. */
export function spaceNames(settings: unknown): SpaceNames | undefined {
  const space = spaceOf(settings)
  if (space === undefined) return undefined
  const namesOf = (kind: string) => space.choices.filter((choice) => kind in choice).map(({ name }) => name)
  return { operations: space.operations, choices: namesOf('operations'), connections: namesOf('connections') }
}

/** Gives the lists of a distribution their names. Without names, operations are called by their numbers. */
export function distributionOf(
  lists: readonly (readonly number[])[],
  connections: readonly (readonly number[])[] = [],
  names?: SpaceNames,
): Distribution {
  const count = Math.max(...lists.map(({ length }) => length))
  const operations = names?.operations ?? Array.from({ length: count }, (_, k) => `operation ${k}`)
  const rows = lists.map((shares, i) => {
    const name = lists.length > 1 ? (names?.choices[i] ?? `choice ${i}`) : 'all choices'
    return { name, names: shares.map((_, k) => operations[k] ?? `operation ${k}`), shares }
  })
  const connected = connections.map((shares, i) => ({
    name: names?.connections[i] ?? `connection ${i}`,
    names: shares.map((_, k) => `option ${k}`),
    shares,
  }))
  return { operations, rows: [...rows, ...connected] }
}
