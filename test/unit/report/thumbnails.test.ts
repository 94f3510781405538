import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/index.js'
import { identifyImages } from '../../../src/data/images-identity.js'
import { openSplits } from '../../../src/data/index.js'
import { thumbnailsOf } from '../../../src/report/thumbnails.js'

test('images of the embedded data have the names of their classes', async () => {
  const config = parseConfig({ data: { format: 'embedded', trainCount: 100, testCount: 100 } })
  const splits = await openSplits(config.data)
  const shoe = splits.train.labels.indexOf(9)
  const pictures = await thumbnailsOf(config, identifyImages(splits).train, [shoe])
  expect(pictures.get(shoe)!.label).toBe('ankle boot')
  await expect(thumbnailsOf(config, 'another', [shoe])).rejects.toThrow('but received others')
})
