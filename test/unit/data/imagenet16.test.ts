import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSplits } from '../../../src/data/index.js'
import { python2Pickle } from '../../support/python2-pickle.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-imagenet16-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** All pixels of an image are its label modulo 256. */
function write(name: string, labels: readonly number[]) {
  const bytes = Buffer.concat(labels.map((label) => Buffer.alloc(768, label % 256)))
  writeFileSync(join(dir, name), python2Pickle({ labels, data: { shape: [labels.length, 768], bytes } }))
}

function writeAll() {
  for (let number = 1; number <= 10; number++) write(`train_data_batch_${number}`, [number, 121, 121 - number, 1000])
  write('val_data', [500, 120, 1])
}

describe('imagenet16-120', () => {
  it('takes the images of the first 120 classes, counted from zero', async () => {
    writeAll()
    const { train, test, classes, name } = await loadSplits({ format: 'imagenet16-120', dir, checksums: false })
    expect({ classes, name }).toEqual({ classes: 120, name: 'imagenet16-120' })
    expect(train).toMatchObject({ channels: 3, height: 16, width: 16 })
    expect([...train.labels.subarray(0, 4), ...train.labels.subarray(18)]).toEqual([0, 119, 1, 118, 9, 110])
    expect(train.images.length).toBe(20 * 768)
    expect([train.images[768], train.images[2 * 768 - 1], train.images[2 * 768]]).toEqual([120, 120, 2])
    expect([...test.labels]).toEqual([119, 0])
    expect(train.mean).toEqual([122.68 / 255, 116.66 / 255, 104.01 / 255])
    expect(test.std).toEqual([63.22 / 255, 61.26 / 255, 65.09 / 255])
  })

  it('counts images in these classes', async () => {
    writeAll()
    const counts = { trainCount: 20, testCount: 1 }
    const { train, test } = await loadSplits({ format: 'imagenet16-120', dir, checksums: false, ...counts })
    expect([train.labels.length, ...test.labels]).toEqual([20, 0])
    await expect(loadSplits({ format: 'imagenet16-120', dir, checksums: false, trainCount: 21 })).rejects.toThrow(
      'from 1 to 20 for data.trainCount but received 21',
    )
  })

  it('refuses another checksum, labels outside 1…1000, no image of these classes, and missing files', async () => {
    const load = (checksums: boolean) => loadSplits({ format: 'imagenet16-120', dir, checksums })
    writeAll()
    await expect(load(true)).rejects.toThrow(
      `Expected the published MD5 checksum 27846dcaa50de8e21a7d1a35f30f0e91 for ${join(dir, 'train_data_batch_1')}`,
    )
    write('val_data', [400])
    await expect(load(false)).rejects.toThrow(`Expected at least one image in ${join(dir, 'val_data')}`)
    write('train_data_batch_2', [1, 0])
    await expect(load(false)).rejects.toThrow(
      `Expected labels from 1 to 1000 for ${join(dir, 'train_data_batch_2')} but received 0 at index 1`,
    )
    rmSync(join(dir, 'train_data_batch_2'))
    await expect(load(false)).rejects.toThrow(
      `Expected a readable file for ${join(dir, 'train_data_batch_2')} but received no such file`,
    )
    await expect(loadSplits({ format: 'imagenet16-120', dir: join(dir, 'none') })).rejects.toThrow(
      'Expected a folder for the ImageNet16 data but received a path that does not exist',
    )
  })
})
