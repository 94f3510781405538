import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { imageExtents } from '../../../src/data/extents.js'
import { generateImages } from '../../../src/data/readers/generated.js'

describe('imageExtents', () => {
  it.each([
    ['cifar10', 32, 10],
    ['cifar100', 32, 100],
    ['imagenet16-120', 16, 120],
  ] as const)('knows %s without its files', async (format, size, classes) => {
    expect(await imageExtents({ format })).toEqual({ input: { channels: 3, height: size, width: size }, classes })
  })

  it('pads and averages, and reads what only files tell', async () => {
    const small = { padTo: 40, downsample: 4 }
    expect((await imageExtents({ format: 'cifar100', ...small })).input).toEqual({ channels: 3, height: 10, width: 10 })
    const embedded = await imageExtents({ format: 'embedded', ...small, trainCount: 100 })
    expect(embedded).toEqual({ input: { channels: 1, height: 10, width: 10 }, classes: 10 })
    await expect(imageExtents({ format: 'idx' })).rejects.toThrow('Expected a folder for data.dir')
  })
})

describe('generateImages', () => {
  it('has the extents and classes of the format', async () => {
    const counts = { train: 300, test: 2 }
    const noise = () => RandomStream.named(1, 'x')
    const { train, test, classes } = await generateImages({ format: 'imagenet16-120' }, counts, noise())
    expect(classes).toBe(120)
    expect([train.images.length, test.images.length]).toEqual([300 * 768, 2 * 768])
    expect(Math.max(...train.labels)).toBeGreaterThan(99)
    expect(Math.max(...train.labels)).toBeLessThan(120)
    expect((await generateImages({ format: 'idx' }, counts, noise())).test).toMatchObject({ height: 28 })
    const folder = await generateImages({ format: 'folder', size: 8 }, { train: 1, test: 1 }, noise())
    expect(folder).toMatchObject({ classes: 1000, train: { channels: 3, height: 8, width: 8 } })
  })
})
