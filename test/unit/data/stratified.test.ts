import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderByContent, separate, stratify, subset } from '../../../src/data/stratified.js'
import { keyOf, stratifiedOrder } from '../../../src/data/stratified-order.js'
import { chiSquare } from '../../support/chi-square.js'

/** One image of `size` pixels per label. */
function split(labels: readonly number[], pixel: (image: number, at: number) => number, size = 4) {
  const images = Uint8Array.from({ length: labels.length * size }, (_, i) => pixel(Math.floor(i / size), i % size))
  return { images, labels: Int32Array.from(labels), channels: 1, height: 1, width: size }
}

/** The images of a split as texts of label and pixels. */
function texts({ images, labels }: { images: ArrayLike<number>; labels: Int32Array }): string[] {
  const size = images.length / labels.length
  return Array.from(labels, (label, i) => `${label}: ${Array.from({ length: size }, (_, at) => images[i * size + at])}`)
}

describe('the stratified order', () => {
  const classes = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 })

  it('has in every beginning the exact share of each class, rounded down or up', () => {
    fc.assert(
      fc.property(classes, fc.integer(), (sizes, seed) => {
        const labels = sizes.flatMap((size, label) => new Array<number>(size).fill(label))
        const keys = labels.map((_, i) => Math.imul(i + seed, 2654435761) >>> 8)
        const order = stratifiedOrder(Int32Array.from(labels), (a, b) => keys[a] - keys[b])
        expect([...order].toSorted((a, b) => a - b)).toEqual([...labels.keys()])
        const taken = sizes.map(() => 0)
        const latest = sizes.map(() => -1)
        const wrong = [...order.entries()].filter(([place, image]) => {
          const label = labels[image]
          const sorted = keys[image] >= latest[label]
          taken[label]++
          latest[label] = keys[image]
          const shares = sizes.map((size) => (place + 1) * size)
          return !sorted || shares.some((share, c) => Math.abs(taken[c] * labels.length - share) >= labels.length)
        })
        expect(wrong).toEqual([])
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('has one image of each class in turn if classes are equal, and spreads a rare one evenly', () => {
    const order = (labels: readonly number[]) => {
      const place = stratifiedOrder(Int32Array.from(labels), (a, b) => a - b)
      return Array.from(place, (image) => labels[image])
    }
    expect(order([0, 0, 0, 1, 1, 1, 2, 2, 2])).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
    // Two rare images among 20: one in each half.
    const labels = order([...new Array(18).fill(5), 9, 9])
    expect(labels.slice(0, 10).filter((label) => label === 9)).toHaveLength(1)
  })
})

describe('an order by content', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 3)
  const made = split(labels, (image, at) => (image * (at + 7) * 31) % 97)

  it('is the same images in the same places however they lie in the file', () => {
    const expected = texts(stratify(made))
    expect(expected).not.toEqual(texts(made))
    expect(expected.toSorted()).toEqual(texts(made).toSorted())
    for (const step of [1, 7, 59]) {
      const from = labels.map((_, i) => (i * step + 5) % 60)
      const moved = split(
        from.map((i) => labels[i]),
        (image, at) => made.images[from[image] * 4 + at],
      )
      expect(texts(stratify(moved))).toEqual(expected)
      // The floats of the same images are ordered by their own bytes, and as well.
      const floats = (data: typeof made) => stratify({ ...data, images: Float32Array.from(data.images) })
      expect(texts(floats(moved))).toEqual(texts(floats(made)))
    }
  })

  it('does not depend on the file for images of equal hashes either', () => {
    // The last four bytes cancel what the first four change: CRC-32 is linear.
    const change = crc32(Buffer.from([0, 0, 0, 0])) ^ crc32(Buffer.from([1, 0, 0, 0]))
    const cancelled = [1, 0, 0, 0, ...[0, 8, 16, 24].map((bits) => (change >>> bits) & 255)]
    const zeros = new Array<number>(8).fill(0)
    expect(keyOf(Uint8Array.from(cancelled))).toBe(keyOf(Uint8Array.from(zeros)))
    const one = split([0, 0], (image, at) => [zeros, cancelled][image][at], 8)
    const other = split([0, 0], (image, at) => [cancelled, zeros][image][at], 8)
    expect(texts(stratify(one))).toEqual(texts(stratify(other)))
  })
})

describe('subsets', () => {
  const labels = [...new Array(400).fill(0), ...new Array(80).fill(1), ...new Array(20).fill(2)]
  const sorted = split(labels, (image, at) => (at === 0 ? image >> 8 : image) & 255)
  const shares = (data: { readonly labels: Int32Array }) =>
    [0, 1, 2].map((c) => data.labels.filter((label) => label === c).length)

  it('have the class shares of all, are in file order, and are part of larger ones', () => {
    let smaller: string[] = []
    for (const [count, expected] of [
      [5, [4, 1, 0]],
      [25, [20, 4, 1]],
      [100, [80, 16, 4]],
      [250, [200, 40, 10]],
      [500, [400, 80, 20]],
    ] as const) {
      const taken = subset(sorted, count, 'n')
      expect(shares(taken)).toEqual(expected)
      const found = texts(taken)
      const places = found.map((text) => texts(sorted).indexOf(text))
      expect(places).toEqual(places.toSorted((a, b) => a - b))
      expect(found).toEqual(expect.arrayContaining(smaller))
      smaller = found
    }
    expect(subset(sorted, undefined, 'n')).toBe(sorted)
    expect(() => subset(sorted, 501, 'data.trainCount')).toThrow('from 1 to 500 for data.trainCount but received 501')
  })

  it('separate from the rest, which stays in the same array', () => {
    const copy = { ...sorted, images: sorted.images.slice(), labels: sorted.labels.slice() }
    const { taken, rest } = separate(copy, 50)
    expect(texts(taken)).toEqual(texts(subset(sorted, 50, 'n')))
    const chosen = new Set(texts(taken))
    expect(texts(rest)).toEqual(texts(sorted).filter((text) => !chosen.has(text)))
    expect([rest.images.buffer, rest.labels.buffer]).toEqual([copy.images.buffer, copy.labels.buffer])
  })

  it('do not prefer images by their pixels, names by their digits', () => {
    // Neighbours differ in few bits, which alone decide over the first bits of a plain CRC-32.
    const pixels = split(new Array(4096).fill(0), (image, at) => (at === 0 ? image >> 8 : at === 1 ? image & 255 : 7))
    const chosen = [...orderByContent(pixels).subarray(0, 1024)]
    const named = Array.from({ length: 4096 }, (_, i) => ({ i, key: keyOf(`cat/${String(i).padStart(4, '0')}.png`) }))
    const byName = named.toSorted((a, b) => a.key - b.key).slice(0, 1024)
    for (const images of [chosen, byName.map(({ i }) => i)]) {
      for (const group of [(i: number) => i % 16, (i: number) => (i >> 4) % 16, (i: number) => i >> 8]) {
        const counts = new Array<number>(16).fill(0)
        for (const image of images) counts[group(image)]++
        const { statistic, limit } = chiSquare(counts, new Array(16).fill(1 / 16))
        expect(statistic).toBeLessThan(limit)
      }
    }
  })
})
