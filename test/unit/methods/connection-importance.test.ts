import { describe, expect, it } from 'vitest'
import { ConnectionImportance } from '../../../src/methods/connection-importance.js'

const choices = [
  { name: 'parents of a', connections: 2 },
  { name: 'operation of a', operations: [0, 1, 2] },
  { name: 'parents of b', connections: 3 },
]

describe('ConnectionImportance', () => {
  it('averages the norms of the paths that take an option, and forgets them with the epoch', () => {
    const importance = new ConnectionImportance({ choices })
    importance.add([1, 2, 0], 4)
    importance.add([1, 0, 2], 1)
    expect([...importance.values]).toEqual([0, 1.5, 2, 0, 0.5])
    expect(importance.split().map((values) => values && [...values])).toEqual([[0, 1.5], undefined, [2, 0, 0.5]])
    importance.reset()
    expect(importance.values.every((value) => value === 0)).toBe(true)
  })
})
