import { describe, expect, it } from 'vitest'
import { calibrationIndices } from '../../../src/evaluation/evaluate.js'

/** Files in order of the classes: 600 images of class 0, 300 of class 1, 100 of class 2. */
const labels = Int32Array.from({ length: 1000 }, (_, i) => (i < 600 ? 0 : i < 900 ? 1 : 2))
const draw = (images: number, seed = 1) => [...calibrationIndices(labels, { images, batchSize: 100 }, seed)]
const shares = (indices: readonly number[]) => [0, 1, 2].map((c) => indices.filter((i) => labels[i] === c).length)

describe('images to estimate running statistics from', () => {
  it('have the class shares of the training images, and so has each batch', () => {
    const indices = draw(200)
    expect(new Set(indices).size).toBe(200)
    for (const first of [0, 50, 100, 150]) expect(shares(indices.slice(first, first + 50))).toEqual([30, 15, 5])
  })

  it('are all images if as many or more are wanted, and a part of a larger sample', () => {
    expect(draw(5000).toSorted((a, b) => a - b)).toEqual([...labels.keys()])
    expect(draw(300).slice(0, 120)).toEqual(draw(120))
  })

  it('are drawn at random from each class, by the seed of the run', () => {
    expect(draw(100)).toEqual(draw(100))
    const [one, other] = [new Set(draw(100)), draw(100, 2)]
    // Two draws of a tenth have a tenth in common: 10 images, give or take 3.
    const common = other.filter((index) => one.has(index)).length
    expect(common).toBeGreaterThan(0)
    expect(common).toBeLessThan(25)
  })
})
