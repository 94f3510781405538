import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { parseMatlabStructs } from '../../../src/formats/matlab.js'

const [INT8, INT32, UINT32, MATRIX] = [1, 5, 6, 14]
const [STRUCT, INT8_CLASS] = [2, 8]

/** An element with its tag, padded to eight bytes. */
function element(type: number, data: Buffer): Buffer {
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type, 0)
  tag.writeUInt32LE(data.length, 4)
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)])
}

function matrix(kind: number, parts: readonly Buffer[]): Buffer {
  const flags = element(UINT32, Buffer.from(Uint32Array.of(kind, 0).buffer))
  const extents = element(INT32, Buffer.from(Int32Array.of(1, 1).buffer))
  return element(MATRIX, Buffer.concat([flags, extents, element(INT8, Buffer.alloc(0)), ...parts]))
}

const number = (value: number) => matrix(INT8_CLASS, [element(INT8, Buffer.of(value))])
const file = (...elements: readonly Buffer[]) => Buffer.concat([Buffer.alloc(128), ...elements])
const parse = (bytes: Buffer) => parseMatlabStructs(bytes, 'meta.mat')

/** An array of structs whose fields have names of one letter. */
function structs(fields: string, ...values: readonly Buffer[]): Buffer {
  const length = element(INT32, Buffer.from(Int32Array.of(2).buffer))
  const names = element(INT8, Buffer.from([...fields].map((name) => `${name}\0`).join('')))
  return matrix(STRUCT, [length, names, ...values])
}

describe('a MAT-file', () => {
  it('gives the values of each field, and no number for one that is not set', () => {
    const unset = element(MATRIX, Buffer.alloc(0))
    const empty = matrix(INT8_CLASS, [element(INT8, Buffer.alloc(0))])
    const read = parse(file(number(7), structs('ab', number(1), unset, empty, number(2))))
    expect([...read]).toEqual([
      ['a', [1, Number.NaN]],
      ['b', [Number.NaN, 2]],
    ])
  })

  it('may have structs without fields', () => {
    expect(parse(file(structs(''))).size).toBe(0)
  })

  it.each([
    ['has no names of fields', file(matrix(STRUCT, []))],
    ['lacks a value', file(structs('ab', number(1), number(2), number(3)))],
    ['has no structs', file(number(1))],
    ['is cut off', file(structs('a', number(1))).subarray(0, -8)],
  ])('is refused if it %s', (_, bytes) => {
    expect(() => parse(bytes)).toThrow(
      'Expected a MAT-file of level 5 with structs for meta.mat but received other bytes',
    )
  })

  it('is read or refused, whatever byte is damaged', () => {
    const compressed = readFileSync(new URL('../../fixtures/meta.mat', import.meta.url))
    const whole = file(inflateSync(compressed.subarray(136)))
    expect([...parse(whole).keys()]).toContain('WNID')
    for (let at = 128; at < whole.length; at++) {
      for (const value of [0, 1, 14, 128, 255]) {
        const damaged = Buffer.from(whole)
        damaged[at] = value
        for (const bytes of [damaged, damaged.subarray(0, at)]) {
          try {
            parse(bytes)
          } catch (error) {
            expect(error, `byte ${at} is ${value}`).toBeInstanceOf(UserError)
          }
        }
      }
    }
  })
})
