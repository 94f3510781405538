import '../../support/fake-addon.js'
import { describe, expect, it } from 'vitest'
import { identifyImages } from '../../../src/data/images-identity.js'
import type { Splits } from '../../../src/data/splits.js'
import type { ImageData } from '../../../src/native/index.js'
import { tinyImages, tinySplits } from '../../support/tiny.js'

const changed = (change: (test: ImageData) => Partial<ImageData>): Splits => ({
  ...tinySplits,
  test: { ...tinySplits.test, ...change(tinySplits.test) },
})

const first = <T extends Uint8Array | Int32Array>(array: T, value: number): T => {
  const copy = array.slice() as T
  copy[0] = value
  return copy
}

describe('the identity of images', () => {
  const same = identifyImages(tinySplits)

  it('is the same for equal images, in whatever object and memory they are', () => {
    const apart: Splits = { train: tinyImages(50), test: tinyImages(20), classes: 4, name: 'another name' }
    expect(identifyImages(apart)).toEqual(same)
    const memory = new Uint8Array(tinySplits.test.images.length + 3)
    memory.set(tinySplits.test.images, 3)
    expect(identifyImages(changed(() => ({ images: memory.subarray(3) })))).toEqual(same)
  })

  it.each<[string, Splits]>([
    ['one pixel', changed(({ images }) => ({ images: first(images as Uint8Array, 255) }))],
    ['one label', changed(({ labels }) => ({ labels: first(labels, 3) }))],
    ['the mean', changed(() => ({ mean: [0.25] }))],
    ['the deviation', changed(() => ({ std: [0.25] }))],
    ['the shape', changed(() => ({ height: 4, width: 16 }))],
    ['floats for bytes', changed(({ images }) => ({ images: new Float32Array(images.buffer.slice(0)) }))],
  ])('changes with %s, for that split alone', (_, splits) => {
    const { train, test } = identifyImages(splits)
    expect(train).toBe(same.train)
    expect(test).toMatch(/^[0-9a-f]{32}$/)
    expect(test).not.toBe(same.test)
  })

  it('changes with the number, the names and the order of the classes', () => {
    const variants = [[], ['a', 'b', 'c', 'd'], ['b', 'a', 'c', 'd']].map((classNames) => ({
      ...tinySplits,
      classNames,
    }))
    const all = [...variants, { ...tinySplits, classes: 5 }].map(identifyImages)
    expect(new Set(all.map(({ train }) => train)).size).toBe(4)
    expect(all[0]).toEqual(same)
  })

  it('has one for held out images, if there are any', () => {
    expect(same).not.toHaveProperty('validation')
    const { validation, ...rest } = identifyImages({ ...tinySplits, validation: tinyImages(8) })
    expect(rest).toEqual(same)
    expect(validation).not.toBe(same.test)
  })
})
