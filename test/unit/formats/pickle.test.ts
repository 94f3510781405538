import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type PickleHost, unpickle, unpickleFrom } from '../../../src/formats/pickle.js'
import { PickleMemo } from '../../../src/formats/pickle-memo.js'
import { PickleReader } from '../../../src/formats/pickle-reader.js'
import { TableHost } from '../../../src/ground-truth/tables/table-host.js'

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tables/${name}`, import.meta.url))

const data: PickleHost = {
  expected: 'data',
  allows: () => false,
  call: () => undefined,
  persistent: () => undefined,
  setState: () => false,
}

const pickle = (text: string) => Buffer.from(`\x80\x04${text}`, 'latin1')

/** A reader that is given a few bytes at a time. */
function inParts(bytes: Buffer, size: number): PickleReader {
  let at = 0
  return new PickleReader(Buffer.alloc(0), 0, () => {
    if (at >= bytes.length) return undefined
    at += size
    return bytes.subarray(at - size, at)
  })
}

describe('a pickle that is read in parts', () => {
  it.each(['nested-protocol2.pickle', 'nested-protocol4.pickle'])('has the value of the whole: %s', (name) => {
    const bytes = fixture(name)
    const whole = unpickle(bytes, name, new TableHost(name, bytes.length))
    for (const size of [1, 7, 1000]) {
      const reader = inParts(Buffer.concat([bytes, Buffer.from('next')]), size)
      expect(unpickleFrom(reader, name, new TableHost(name, bytes.length))).toEqual(whole)
      expect(reader.position).toBe(bytes.length)
    }
  })

  it('is refused where a part is missing', () => {
    for (const text of ['X\x05\0\0\0abc', 'G\x40', 'cname', '(']) {
      const read = () => unpickleFrom(inParts(pickle(text), 3), 'file', data)
      expect(read).toThrow('Expected data for file but received a truncated pickle')
    }
  })
})

describe('a pickle', () => {
  it('has sets as lists', () => {
    // {1, 2} filled twice, and frozenset((3,)).
    expect(unpickle(pickle('(\x8f(K\x01\x90(K\x02\x90(K\x03\x91t.'), 'file', data)).toEqual([[1, 2], [3]])
    expect(() => unpickle(pickle('}(K\x01\x90.'), 'file', data)).toThrow(/appends to something other than a list$/)
  })

  it('lets its host take out what fills a dictionary, and counts only what stays', () => {
    const limits = { containers: 100, values: 9, memo: 10 }
    const text = `}${'(K\x01K\x02K\x03K\x04u'.repeat(5)}.`
    expect(() => unpickle(pickle(text), 'file', { ...data, limits })).toThrow(/a pickle of more than 9 values$/)
    const filled = (map: Map<unknown, unknown>) => 2 * Number(map.delete(1)) + 2 * Number(map.delete(3))
    expect(unpickle(pickle(text), 'file', { ...data, limits, filled })).toEqual(new Map())
    expect(() => unpickle(pickle('Nr\x0a\0\0\0.'), 'file', { ...data, limits })).toThrow(/than 10 remembered values$/)
  })
})

describe('PickleMemo', () => {
  it('gives back what was put under a number, in whatever order', () => {
    const memo = new PickleMemo()
    const list = [1]
    const values = new Map<number, unknown>([
      [70_000, 'a'],
      [0, list],
      [16_384, 'a'],
      [3, null],
      [1, list],
      [2, 'b'.repeat(500)],
    ])
    for (const [slot, value] of values) memo.set(slot, value)
    memo.set(3, 'again')
    values.set(3, 'again')
    for (const [slot, value] of values) expect(memo.get(slot)).toBe(value)
    expect(memo.size).toBe(values.size)
    expect([0, 4, 16_385, 1e9].map((slot) => memo.has(slot))).toEqual([true, false, false, false])
  })
})
