/** Batches of one image, in which a channel of a one-pixel feature map has a single value. */
import '../../support/fake-addon.js'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import { search } from '../../../src/search/search.js'
import { checkTrainingBatches } from '../../../src/search/small-batches.js'
import { createSpace } from '../../../src/spaces/index.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, tinyConfig, tinyImages } from '../../support/tiny.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

/** Images of 8 × 8 pixels: the last stages of ProxylessNAS have one pixel, those of NAS-Bench-201 four. */
const proxylessNas = {
  name: 'proxylessnas' as const,
  width: 0.25,
  layers: [1, 1, 1, 1, 1, 1],
} satisfies ConfigInput['space']

function run(images: number, changes: ConfigInput) {
  const data = { train: tinyImages(images), test: tinyImages(20), classes: 4, name: 'tiny' }
  const method = { name: 'spos' } as const
  const config = tinyConfig({ space: proxylessNas, method, ...changes, ranking: { subModels: 2, ...changes.ranking } })
  return collect(search(config, { data, out: join(folder, 'run') }))
}

describe('a batch of one image', () => {
  const epoch = { epochs: 1 }

  it.each([
    [33, 32],
    [1, 8],
    [3, 1],
  ])(
    'at the end of training on %i images in batches of %i is refused before there is a run',
    async (images, batchSize) => {
      await expect(run(images, { training: { ...epoch, batchSize } })).rejects.toThrow(
        `Expected batches of at least 2 images for training.batchSize or data.trainCount with proxylessnas but received ${batchSize} with ${images} training images`,
      )
      expect(existsSync(join(folder, 'run'))).toBe(false)
    },
  )

  it.each([
    [32, 32, 1],
    [64, 3, 2],
    [35, 32, 2],
  ])(
    'within training on %i images in batches of %i, computed %i at a time, is refused before there is a run',
    async (images, batchSize, microBatchSize) => {
      await expect(run(images, { training: { ...epoch, batchSize, microBatchSize } })).rejects.toThrow(
        `Expected parts of at least 2 images for training.microBatchSize with proxylessnas but received ${microBatchSize} with training.batchSize ${batchSize} and ${images} training images`,
      )
      expect(existsSync(join(folder, 'run'))).toBe(false)
    },
  )

  it('does not arise if 33 images are computed in parts of 17 and 16', async () => {
    const training = { ...epoch, batchSize: 33, microBatchSize: 32 }
    await expect(run(33, { training })).resolves.toBeDefined()
  })

  it('is taken if no batch norm has feature maps of one pixel', async () => {
    const space = { name: 'nasbench201', channels: 2, cellsPerStage: 1 } as const
    await expect(run(33, { space, training: { ...epoch, batchSize: 32 } })).resolves.toBeDefined()
  })

  it.each([
    [33, 2],
    [1, 200],
  ])('is refused for running statistics of %i images in batches of %i', async (images, batchSize) => {
    await expect(run(64, { training: epoch, ranking: { recalibration: { images, batchSize } } })).rejects.toThrow(
      `Expected batches of at least 2 images for ranking.recalibration.batchSize with proxylessnas but received ${batchSize} with ${images} images`,
    )
    expect(existsSync(join(folder, 'run'))).toBe(false)
  })

  it('does not arise for running statistics of 33 images in batches of 32', async () => {
    const recalibration = { images: 33, batchSize: 32 }
    await expect(run(64, { training: epoch, ranking: { recalibration } })).resolves.toBeDefined()
  })
})

describe('the share of a process', () => {
  const space = createSpace(parseConfig({ space: proxylessNas }).space, { channels: 1, height: 8, width: 8 }, 4)
  const check = (training: ConfigInput['training'], images: number, synchronised: boolean) =>
    checkTrainingBatches(tinyConfig({ space: proxylessNas, training }), space, {}, images, {
      processes: 2,
      synchronised,
    })

  it('counts, be it the smaller or the larger one', () => {
    // Shares of two and three images, in parts of two at most.
    expect(() => check({ batchSize: 5, microBatchSize: 2 }, 10, false)).toThrow('Expected parts of at least 2 images')
    expect(() => check({ batchSize: 4, microBatchSize: 2 }, 8, false)).not.toThrow()
    expect(() => check({ batchSize: 3 }, 6, false)).toThrow(
      'Expected batches of at least 4 images, 2 for each process, for training.batchSize or data.trainCount',
    )
    expect(() => check({ batchSize: 4 }, 9, false)).toThrow('Expected batches of at least 2 images, 1 for each process')
  })

  it('is not divided if batch norms are synchronised', () => {
    expect(() => check({ batchSize: 8, microBatchSize: 2 }, 8, true)).toThrow(
      'Expected none, or one as large as the share of a process, for training.microBatchSize with distributed.batchNorm synchronised but received 2',
    )
    expect(() => check({ batchSize: 8, microBatchSize: 4 }, 8, true)).not.toThrow()
  })
})
