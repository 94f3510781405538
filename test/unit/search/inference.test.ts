import '../../support/fake-addon.js'
import { describe, expect, it } from 'vitest'
import { evaluateLogits, infer } from '../../../src/search/inference.js'
import { toySpace } from '../../support/toy.js'

describe('evaluateLogits', () => {
  it('has the mean cross-entropy and the share of correct images', () => {
    const { loss, accuracy } = evaluateLogits(Float32Array.of(0, 0, 0, Math.log(3)), [0, 0])
    expect(loss).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 6)
    expect(accuracy).toBe(0.5)
  })

  it.each([
    [[0, 1, 0], 'as many logits for each label for evaluateLogits but received 4 for 3 labels'],
    [[], 'as many logits for each label for evaluateLogits but received 4 for 0 labels'],
    [[0, 2], 'labels from 0 to 1 for evaluateLogits but received 2 at index 1'],
    [[-1, 0], 'labels from 0 to 1 for evaluateLogits but received -1 at index 0'],
    [[0, 0.5], 'labels from 0 to 1 for evaluateLogits but received 0.5 at index 1'],
  ])('refuses the labels %j', (labels, sentence) => {
    expect(() => evaluateLogits(new Float32Array(4), labels)).toThrow(`Expected ${sentence}`)
  })
})

describe('infer', () => {
  const space = toySpace(1, 1, { operations: [], parameters: () => [], input: { channels: 1, height: 2, width: 2 } })
  const images = { images: new Float32Array(8), channels: 1, height: 2, width: 2 }
  const given = { space, weights: new Map(), images, paths: [[0], [0]] }

  it('refuses statistics for some of the paths only', async () => {
    await expect(infer({ ...given, statistics: [new Map()] })).rejects.toThrow(
      'Expected 2 entries, one per path, for statistics but received 1',
    )
  })

  it('refuses a part of an image', async () => {
    const part = { ...images, images: new Float32Array(7) }
    await expect(infer({ ...given, images: part })).rejects.toThrow(
      'Expected whole images of 1×2×2 for images but received 7 values',
    )
  })
})
