import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { parsePickledBatch } from '../../../src/data/batches.js'
import { PickledArray, pickledIntegers, unpickleArrays } from '../../../src/formats/numpy-pickle.js'
import { type ByteArray, python2Pickle } from '../../support/python2-pickle.js'

const fixture = (protocol: number) =>
  readFileSync(new URL(`../../fixtures/images/batch-protocol${protocol}.pickle`, import.meta.url))

describe('unpickleArrays', () => {
  it.each([
    [2, 3072, 'fine_labels', 99],
    [3, 768, 'labels', 120],
    [4, 768, 'labels', 1],
    [5, 768, 'labels', 7],
  ])('reads what Python 3 writes with protocol %d', (protocol, pixels, key, label) => {
    const arrays = unpickleArrays(fixture(protocol), 'batch')
    const data = arrays.get('data') as PickledArray
    expect(data).toBeInstanceOf(PickledArray)
    expect(data).toMatchObject({ shape: [1, pixels], fortranOrder: false })
    expect([...(data.bytes ?? [])]).toEqual(Array.from({ length: pixels }, (_, i) => (7 * i) % 251))
    expect([...Array.from(pickledIntegers(arrays.get(key)) ?? [])]).toEqual([label])
  })

  it('reads what Python 2 wrote', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
    const pickle = python2Pickle({ batch_label: 'one of one', labels: [3, 70000], data: { shape: [3, 100], bytes } })
    const arrays = unpickleArrays(pickle, 'batch')
    expect([...arrays.keys()]).toEqual(['batch_label', 'labels', 'data'])
    expect(pickledIntegers(arrays.get('labels'))).toEqual([3, 70000])
    expect(arrays.get('data')).toMatchObject({ shape: [3, 100], type: '<u1' })
    expect([...((arrays.get('data') as PickledArray).bytes ?? [])]).toEqual([...bytes])
  })

  const array = 'cnumpy.core.multiarray\n_reconstruct\n'
  it.each([
    ['a call of a system function', 'cposix\nsystem\n(U\x04truetR.', 'the pickle global posix.system'],
    ['a function of numpy', 'cnumpy.testing._private.utils\nrunstring\n.', 'the pickle global numpy.testing'],
    ['a subclass to rebuild', `${array}cnumpy\ndtype\nK\0\x85U\x01b\x87R.`, 'a call of numpy.core.multiarray._reconst'],
    [
      'a decoder of text',
      'c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0ascii\x86R.',
      'a call of _codecs.encode with other',
    ],
    ['the state of a number', 'K\x01K\x02b.', 'a pickle that sets the state of an object'],
    ['an array of nothing', `${array}cnumpy\nndarray\nK\0\x85U\x01b\x87RK\x01b.`, 'sets the state of an object'],
    ['a persistent id', 'K\x01Q.', 'a persistent id'],
    ['a list', '].', 'something else'],
    ['a length that no file has', `B\xff\xff\xff\xff`, 'a truncated pickle'],
    ['a longer one', `\x8e${'\xff'.repeat(8)}`, 'a truncated pickle'],
    ['text', 'hello', 'a pickle that recalls the empty memo slot 101'],
  ])('refuses %s', (_, pickle, message) => {
    const error = (() => {
      try {
        return unpickleArrays(Buffer.from(pickle, 'latin1'), 'batch')
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(/^Expected a pickled dictionary of arrays for batch but received /)
    expect((error as Error).message).toContain(message)
  })

  it('refuses every truncation of a batch', () => {
    const whole = fixture(4)
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => unpickleArrays(whole.subarray(0, length), 'batch')).toThrow(UserError)
    }
  })
})

describe('a batch with one damaged byte', () => {
  it.each([4, 5])('is read or refused in a sentence: protocol %d', (protocol) => {
    const whole = fixture(protocol)
    const shape = { channels: 3, height: 16, width: 16 }
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0x28, 0xff, whole[at] ^ 1]) {
        const damaged = Buffer.from(whole)
        damaged[at] = value
        try {
          parsePickledBatch(damaged, 'batch', { shape, classes: 1000, labels: 'labels', first: 1 })
        } catch (error) {
          if (!(error instanceof UserError)) throw error
        }
      }
    }
  })
})

describe('parsePickledBatch', () => {
  const shape = { channels: 1, height: 2, width: 2 }
  const parse = (data: ByteArray | string, labels: number[] | string) =>
    parsePickledBatch(python2Pickle({ data, labels }), 'batch', { shape, classes: 3, labels: 'labels' })
  const four = { shape: [1, 4], bytes: Uint8Array.of(1, 2, 3, 4) }

  it('reads images and labels', () => {
    expect(parse(four, [2])).toEqual({ images: Buffer.of(1, 2, 3, 4), labels: Int32Array.of(2) })
  })

  it.each([
    ['no labels', four, 'none', 'Expected whole numbers under "labels" for batch but received none'],
    ['a label outside', four, [3], 'Expected labels from 0 to 2 for batch but received 3 at index 0'],
    ['a negative label', four, [-1], 'Expected labels from 0 to 2 for batch but received -1 at index 0'],
    ['no images', 'none', [0], 'Expected an array of bytes under "data" for batch but received something else'],
    ['other elements', { ...four, type: 'f4' }, [0], 'Expected an array of bytes under "data" for batch'],
    ['columns first', { ...four, fortranOrder: true }, [0], 'Expected an array of bytes under "data" for batch'],
    [
      'more labels',
      four,
      [0, 1],
      'Expected 2 rows of 4 bytes under "data" for batch but received 4 bytes of shape [1, 4]',
    ],
    ['other rows', { ...four, shape: [2, 2] }, [0], 'Expected 1 rows of 4 bytes under "data" for batch but received'],
    [
      'fewer bytes than the shape says',
      { shape: [1, 4], bytes: Uint8Array.of(1) },
      [0],
      'Expected 1 rows of 4 bytes under "data" for batch but received 1 bytes of shape [1, 4]',
    ],
  ])('refuses %s', (_, data, labels, message) => {
    expect(() => parse(data, labels)).toThrow(message)
  })
})
