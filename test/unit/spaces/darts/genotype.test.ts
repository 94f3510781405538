import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/base/errors.js'
import {
  checkGenotype,
  DARTS_V1,
  DARTS_V2,
  decodeGenotype,
  encodeGenotype,
  type Genotype,
  type GenotypeCell,
  NODES,
  OPERATIONS,
} from '../../../../src/spaces/darts/genotype.js'

const V2 =
  "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), " +
  "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), " +
  "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), " +
  "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))"

const operation = fc.constantFrom(...OPERATIONS)
const cell: fc.Arbitrary<GenotypeCell> = fc
  .tuple(...NODES.map((node) => fc.shuffledSubarray([...new Array(node).keys()], { minLength: 2, maxLength: 2 })))
  .chain((pairs) => fc.tuple(...pairs.flat().map((from) => operation.map((name) => [name, from] as const))))
const genotype: fc.Arbitrary<Genotype> = fc.record({ normal: cell, reduce: cell })

describe('the notation of genotypes', () => {
  it('is what Python prints', () => {
    expect(encodeGenotype(DARTS_V2)).toBe(V2)
    expect(decodeGenotype(V2)).toEqual(DARTS_V2)
  })

  it('comes back as the genotype that was written, in its order', () => {
    fc.assert(fc.property(genotype, (any) => void expect(decodeGenotype(encodeGenotype(any))).toEqual(any)))
    checkGenotype(DARTS_V1)
  })

  it('is read as people write it in Python', () => {
    const lists = V2.replaceAll('range(2, 6)', '[2, 3, 4, 5]')
    const lines = lists
      .replaceAll('[', '[\n    ')
      .replaceAll(']', ',\n  ]')
      .replaceAll(/, (\w+=)/g, ',\n  $1')
    const wide = V2.replaceAll("('", "( '").replaceAll('),', ') ,').replaceAll('=', ' = ').replaceAll("',", "' ,\t")
    const compact = V2.replaceAll(' ', '')
    const quotes = V2.replaceAll("'", '"')
    for (const text of [lists, lines, wide, compact, quotes, `  ${V2}\n`, V2.replace(/\)$/, ',\n)')]) {
      expect(decodeGenotype(text)).toEqual(DARTS_V2)
    }
  })

  const form =
    "Expected Genotype(normal=[('operation', node), …], normal_concat=range(2, 6), " +
    "reduce=[('operation', node), …], reduce_concat=range(2, 6)), DARTS_V1 or DARTS_V2 but received"
  it.each([
    '',
    'nonsense',
    '[]',
    `${V2})`,
    `x = ${V2}`,
    `${V2} ${V2}`,
    V2.replace('Genotype', 'Genes'),
    V2.replace('normal_concat', 'concat'),
    V2.replace('range(2, 6)', 'range(3, 6)'),
    V2.replace('range(2, 6)', '[2, 3, 4]'),
    V2.replace('[(', '[,('),
    V2.replace('), (', ') ('),
    V2.replace('), (', '),, ('),
    V2.replace("'sep_conv_3x3', 0", "'sep_conv_3x3'"),
    V2.replace("'sep_conv_3x3'", 'sep_conv_3x3'),
    V2.replace("'sep_conv_3x3'", '\'sep_conv_3x3"'),
    V2.replace('0)', '-1)'),
    V2.replace('0)', '0.5)'),
  ])('is not %j', (text) => {
    expect(() => decodeGenotype(text)).toThrow(new UserError(`${form} "${text}"`, 2))
  })

  it.each([
    [V2.replace("('sep_conv_3x3', 0), ", ''), 'Expected 8 operations for normal of a genotype but received 7'],
    [V2.replace(/reduce=\[.*?\]/, 'reduce=[]'), 'Expected 8 operations for reduce of a genotype but received 0'],
    [
      V2.replace('dil_conv_3x3', 'none'),
      `Expected ${OPERATIONS.join(', ')} for node 5 in normal of a genotype but received "none"`,
    ],
    [
      V2.replace("('max_pool_3x3', 1)", "('max_pool_3x3', 0)"),
      'Expected two different nodes of 0…1 as predecessors of node 2 in reduce of a genotype but received 0 and 0',
    ],
    [
      V2.replace("('dil_conv_3x3', 2)", "('dil_conv_3x3', 5)"),
      'Expected two different nodes of 0…4 as predecessors of node 5 in normal of a genotype but received 0 and 5',
    ],
  ])('%#: names what no genotype has', (text, message) => {
    expect(() => decodeGenotype(text)).toThrow(new UserError(message, 2))
  })
})
