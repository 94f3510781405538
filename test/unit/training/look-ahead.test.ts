import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import type { AugmentationConfig } from '../../../src/config/augmentation.js'
import { drawAugmentation } from '../../../src/data/augmentation.js'
import type { Augmentation, ImageSource } from '../../../src/native/index.js'
import { drawMixup } from '../../../src/sampling/mixup.js'
import { LookAhead } from '../../../src/training/look-ahead.js'

type Begun = readonly [indices: readonly number[], augmentation: Augmentation | undefined]

/** A source that notes what it is asked to begin. */
function source(begun: Begun[]): ImageSource {
  const prefetch = (indices: Int32Array, augmentation: Augmentation | undefined) => {
    begun.push([[...indices], augmentation])
  }
  return { count: 7, ahead: 2, prefetch, raw: { dispose() {} }, dispose() {}, [Symbol.dispose]() {} }
}
const order = Int32Array.of(6, 0, 2, 2, 5, 1, 3)
const list: AugmentationConfig[] = [
  { kind: 'flip', probability: 0.5 },
  { kind: 'mixup', alpha: 0.2 },
]
const settings = { batchSize: 3, augmentation: list }

/** What steps draw from a stream, one after the other. */
function drawn(stream: RandomStream, steps: number[][]): Begun[] {
  return steps.map((indices) => {
    const augmentation = drawAugmentation(list, stream)
    drawMixup(list, stream, indices.length)
    return [indices, augmentation]
  })
}
const batches = [[6, 0, 2], [2, 5, 1], [3]]

describe('LookAhead', () => {
  it('begins the batches of an epoch once, with what the steps will draw, and leaves their stream alone', () => {
    const begun: Begun[] = []
    const stream = RandomStream.named(1, 'augmentation')
    const before = stream.state()
    const ahead = new LookAhead({ data: source(begun), order, settings, step: 0, stream })
    for (const step of [0, 1, 2]) ahead.advance(step)
    expect(stream.state()).toEqual(before)
    expect(begun).toEqual(drawn(stream, batches))
  })

  it('begins as many batches ahead as the source wants', () => {
    const begun: Begun[] = []
    const stream = RandomStream.named(1, 'augmentation')
    const data = { ...source(begun), ahead: 1 }
    new LookAhead({ data, order, settings, step: 0, stream }).advance(0)
    expect(begun.map(([indices]) => indices)).toEqual(batches.slice(0, 2))
  })

  it('goes on in mid-epoch as an unbroken epoch', () => {
    const begun: Begun[] = []
    const stream = RandomStream.named(1, 'augmentation')
    const all = drawn(new RandomStream(stream.state()), batches)
    drawn(stream, batches.slice(0, 1))
    new LookAhead({ data: source(begun), order, settings, step: 1, stream }).advance(1)
    expect(begun).toEqual(all.slice(1))
  })

  it('does nothing for images in memory', () => {
    const data = { ...source([]), prefetch: undefined }
    const stream = RandomStream.named(1, 'augmentation')
    expect(() => new LookAhead({ data, order, settings, step: 0, stream }).advance(0)).not.toThrow()
  })
})
