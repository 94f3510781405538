import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { parseConfig } from '../../../src/config/index.js'
import {
  checkPath,
  createSpace,
  enumeratePaths,
  operationChoices,
  parsePath,
  SPACES,
  spaceSize,
} from '../../../src/spaces/index.js'

const INPUT = { channels: 3, height: 32, width: 32 }
const space = createSpace(
  { name: 'nasbench201', channels: 16, cellsPerStage: 5, sharing: 'perOperation', affine: false },
  INPUT,
  10,
)
const paths = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 6 })

describe('parsePath', () => {
  it('reads operation indices and the notation of the space', () => {
    fc.assert(
      fc.property(paths, (path) => {
        expect(parsePath(space, path.join(','))).toEqual(path)
        expect(parsePath(space, ` ${path.join(' , ')} `)).toEqual(path)
        expect(parsePath(space, space.encode(path))).toEqual(path)
      }),
    )
  })

  it.each([
    ['3,0,1', 'Expected 6 numbers for a path of nasbench201 but received 3: 3,0,1'],
    ['3,0,1,2,4,5', 'Expected 0…4 for 3<-2 in a path of nasbench201 but received 5 in 3,0,1,2,4,5'],
    ['3,0,1,2,4,-1', 'Expected 0…4 for 3<-2 in a path of nasbench201 but received -1 in 3,0,1,2,4,-1'],
    [
      '3,0,1,2,4,x',
      'Expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2| for an architecture of nasbench201 but received "3,0,1,2,4,x"',
    ],
  ])('refuses %s in one sentence, as wrong usage', (text, message) => {
    expect(() => parsePath(space, text)).toThrow(new UserError(message, 2))
  })
})

describe('a lone number', () => {
  it('is notation where a path has several choices, an option where it has one', () => {
    expect(() => parsePath(space, '3')).toThrow(/^Expected \|op~0\|.* but received "3"$/)
    const decode = (text: string) => [...text].map(Number)
    const digits = { ...space, choices: operationChoices(['a', 'b'], 3), decode }
    expect(parsePath(digits, '02')).toEqual([0, 2])
    expect(parsePath({ ...digits, choices: operationChoices(['a'], 30) }, '02')).toEqual([2])
  })
})

describe('checkPath', () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the operation %d', (operation) => {
    expect(() => checkPath(space, [0, 0, 0, 0, 0, operation])).toThrow(`but received ${operation} in`)
  })
})

describe('enumeratePaths', () => {
  it('lists every path once, in lexicographic order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (edges, operations) => {
        const choices = operationChoices(new Array(edges).fill('edge'), operations)
        const listed = [...enumeratePaths({ choices })]
        expect(spaceSize({ choices })).toBe(BigInt(operations ** edges))
        const numbers = listed.map((path) => path.reduce((number, digit) => number * operations + digit, 0))
        expect(numbers).toEqual(Array.from({ length: operations ** edges }, (_, i) => i))
        expect(listed.every((path) => path.length === edges)).toBe(true)
      }),
    )
  })
})

describe('createSpace', () => {
  it('makes each space it names', () => {
    for (const name of SPACES) expect(createSpace(parseConfig({ space: { name } }).space, INPUT, 10).name).toBe(name)
  })

  it('refuses other names, inherited ones too', () => {
    for (const name of ['nasbench301', 'toString']) {
      const config = {
        name: name as 'nasbench201',
        channels: 16,
        cellsPerStage: 5,
        sharing: 'perOperation',
        affine: false,
      } as const
      expect(() => createSpace(config, INPUT, 10)).toThrow(`for space.name but received "${name}"`)
    }
  })
})
