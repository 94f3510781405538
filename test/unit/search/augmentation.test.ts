/** Augmentations that do not fit the images. */
import '../../support/fake-addon.js'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { search } from '../../../src/search/search.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, tinyConfig, tinyImages } from '../../support/tiny.js'

it.each([
  [{ kind: 'pad-crop', padding: 8 } as const, "less than the images' side of 8 pixels", 'padding', 8],
  [{ kind: 'cutout', size: 9 } as const, "at most the images' side of 8 pixels", 'size', 9],
])('a crop or hole larger than the image is refused before there is a run: %j', async (entry, allowed, key, value) => {
  const out = join(temporaryFolder(), 'run')
  const data = { train: tinyImages(32), test: tinyImages(20), classes: 4, name: 'tiny' }
  const config = tinyConfig({ training: { augmentation: [entry] } })
  await expect(collect(search(config, { data, out }))).rejects.toThrow(
    `Expected ${allowed} for training.augmentation[0].${key} but received ${value}`,
  )
  expect(existsSync(out)).toBe(false)
})
