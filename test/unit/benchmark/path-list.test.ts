import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { parsePathList, randomPaths, readPathList } from '../../../src/benchmark/path-list.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { refusalOf } from '../../support/refusal.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1 })

describe('a list of paths', () => {
  it('has a path per line, in either notation, among blank lines and comments', () => {
    const text = `# two paths\r\n3,0,1,2,4,3\r\n\r\n  ${space.encode([1, 2, 3, 4, 0, 1])}  `
    expect(parsePathList(text, 'paths.txt', space)).toEqual([
      [3, 0, 1, 2, 4, 3],
      [1, 2, 3, 4, 0, 1],
    ])
  })

  it.each([
    ['3,3,3,3,3,3\n\n3,3,3\n', 'paths.txt, line 3: Expected 6 numbers for a path of nasbench201 but received 3: 3,3,3'],
    ['3,3,3,3,3,9', 'paths.txt, line 1: Expected 0…4 for 3<-2 in a path of nasbench201 but received 9'],
    ['# only this\n3;3;3;3;3;3', 'paths.txt, line 2: Expected |op~0|+'],
    ['# nothing\n', 'Expected at least one path for paths.txt but received none'],
  ])('refuses %j', async (text, message) => {
    const refused = await refusalOf(() => parsePathList(text, 'paths.txt', space))
    expect(refused.slice(0, message.length)).toBe(message)
  })

  it('names a file that cannot be read', async () => {
    await expect(readPathList('nowhere.txt', space)).rejects.toThrow(
      'Expected a readable file of paths for nowhere.txt but received no such file',
    )
  })
})

it('random paths depend on the seed only', () => {
  const draw = (seed: number) => randomPaths(space, 12, RandomStream.named(seed, 'bench'))
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  expect(draw(1)).toHaveLength(12)
})
