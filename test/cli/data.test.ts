/** data, pack and bench --data on the images of test/fixtures/streaming. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pada, temporaryFolder } from '../support/harness.js'

const images = fileURLToPath(new URL('../fixtures/streaming', import.meta.url))

/** A data set of two classes, of 16 images to train and to validate. */
function dataSet(): string {
  const folder = temporaryFolder()
  for (const split of ['train', 'val']) {
    for (const [i, name] of readdirSync(images).entries()) {
      const place = join(folder, split, `class${i % 2}`)
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, name), readFileSync(join(images, name)))
    }
  }
  return folder
}

test('data: classes, sizes, damaged and equal images', async () => {
  const folder = dataSet()
  const whole = readFileSync(join(images, '420.JPEG'))
  writeFileSync(join(folder, 'train', 'class0', 'cut.JPEG'), whole.subarray(0, 900))
  writeFileSync(join(folder, 'train', 'class0', 'empty.JPEG'), '')
  writeFileSync(join(folder, 'train', 'class1', 'twin.JPEG'), whole)
  const outcome = await pada(['data', folder])
  expect(outcome.code, outcome.stderr).toBe(0)
  const lines = outcome.stdout.split('\n')
  expect(lines[0]).toBe('train: 18 images in 2 classes, 9 each')
  expect(lines).toContain('  damaged: 2')
  expect(outcome.stdout).toContain(`${folder}/train/class0/empty.JPEG: no byte`)
  expect(outcome.stdout).toContain(`${folder}/train/class0/cut.JPEG: "VipsJpeg`)
  expect(lines).toContain('  equal images: 1 group, of which 1 with different labels')
  expect(outcome.stdout).toContain('val: 16 images in 2 classes, 8 each')
  const json = await pada(['data', folder, '--json', '--headers'])
  const splits = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(splits.map(({ split, images: count, damaged }) => [split, count, damaged.length])).toEqual([
    ['train', 18, 1],
    ['val', 16, 0],
  ])
})

test('pack: stops at a damaged image and leaves no file, or leaves the image out', async () => {
  const folder = dataSet()
  const all = await pada(['pack', folder, '--out', join(folder, 'all.pada')])
  expect(all.code).toBe(2)
  expect(all.stderr).toContain(
    `Expected one split for the images to pack but received ${folder}, which holds train and val`,
  )
  // In a folder that is not there yet.
  const file = join(folder, 'packed', 'train.pada')
  writeFileSync(join(folder, 'train', 'class0', 'cut.JPEG'), readFileSync(join(images, '420.JPEG')).subarray(0, 900))
  const stopped = await pada(['pack', join(folder, 'train'), '--out', file])
  expect(stopped.code).toBe(1)
  expect(stopped.stderr).toContain(
    `Expected a whole image, or --on-error skip, for ${folder}/train/class0/cut.JPEG but received "VipsJpeg`,
  )
  expect(existsSync(file)).toBe(false)
  const packed = await pada(['pack', join(folder, 'train'), '--out', file, '--on-error', 'skip', '--json'])
  expect(packed.code, packed.stderr).toBe(0)
  expect(JSON.parse(packed.stdout)).toMatchObject({ event: 'result', file, images: 16 })
  expect(readdirSync(folder).toSorted()).toEqual(['packed', 'train', 'val'])
  expect(readdirSync(join(folder, 'packed'))).toEqual(['train.pada'])
  const looked = await pada(['data', file])
  expect(looked.stdout.split('\n')[0]).toBe('images: 16 images in 2 classes, 8 each')
})

test.each([
  [['pack', 'x', '--out', 'y.tar'], 'Expected a name that ends in .pada for --out but received y.tar'],
  [
    ['pack', 'x', '--out', 'y.pada', '--shorter', '9', '--quality', '101'],
    'Expected a whole number from 1 to 100 for --quality',
  ],
  [
    ['pack', 'x', '--out', 'y.pada', '--quality', '5'],
    'Expected --shorter with --quality but received --quality alone',
  ],
  [['bench', '--data', '--paths', 'x'], 'Expected --data or --paths but received both'],
  [['bench', '--data', '--mode', 'eval'], 'Expected --data or --mode but received both'],
  [['pack', '--out', 'y.pada'], 'Expected a folder or a tar for images but received none'],
  [['data'], 'Expected a folder of images for dir but received none'],
])('%j is refused', async (args, message) => {
  const outcome = await pada(args)
  expect(outcome.code).toBe(2)
  expect(outcome.stderr).toContain(message)
})

test('bench --data: images per second, of streamed images only', async () => {
  const folder = dataSet()
  const settings = ['--set', 'data.format=folder', `data.dir=${folder}`, 'data.size=32']
  const measured = await pada(['bench', '--data', '--json', '--batch', '4', ...settings, 'data.source=streaming'])
  expect(measured.code, measured.stderr).toBe(0)
  const result = JSON.parse(measured.stdout)
  expect(result).toMatchObject({
    event: 'data',
    images: 12,
    batchSize: 4,
    jpegDecoder: expect.stringMatching(/^lib(vips$|jpeg-turbo \()/),
  })
  expect(result.imagesPerSecond).toBeCloseTo(result.images / result.seconds, 6)
  const several = await pada(['bench', '--data', '--processes', '2', ...settings])
  expect(several).toMatchObject({ code: 2, stdout: '' })
  expect(several.stderr).toContain('Expected 1 for --processes with --data, which measures one process, but received 2')
  const refused = await pada(['bench', '--data', '--batch', '4', ...settings])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('Expected streaming with --data for data.source but received images in memory')
})
