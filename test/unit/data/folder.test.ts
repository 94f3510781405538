/** Folders of images: what is read, and as which split. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DataConfig } from '../../../src/config/index.js'
import { listEncoded } from '../../../src/data/stream/list-encoded.js'
import {
  counting,
  dir,
  load,
  pixelsOf,
  planes,
  png,
  raw,
  root,
  VAL,
  write,
  writePets,
} from '../../support/image-folder.js'

describe('folder', () => {
  it('walks down folders of a class by name, and follows links but not around', async () => {
    await writePets()
    await png('train/dog/x/1.png', counting(60))
    await png('train/dog/x-y/2.png', counting(70))
    await png('train/dog/x/y/3.png', counting(80))
    symlinkSync(join(dir, 'train/dog'), join(dir, 'train/dog/x/around'))
    await png('../elsewhere/4.png', counting(90))
    symlinkSync(join(root, 'elsewhere'), join(dir, 'train/dog/z'))
    symlinkSync(join(root, 'elsewhere'), join(root, 'elsewhere/self'))
    const { train } = await load()
    expect(pixelsOf(train)).toEqual([30, 20, 10, 60, 70, 80, 90])
  })

  it('reads the validation images of Tiny ImageNet by their annotations', async () => {
    await png('train/n1/images/n1_0.JPEG', counting(10))
    await png('train/n2/images/n2_0.JPEG', counting(20))
    write('train/n1/n1_boxes.txt', '')
    for (const i of [0, 1, 2]) await png(`val/images/val_${i}.JPEG`, counting(100 + i))
    await png('test/images/test_0.JPEG', counting(0))
    const lines = ['val_2.JPEG\tn1\t0\t0\t8\t8', 'val_0.JPEG\tn2\t0', 'val_1.JPEG\tn2\t0\t0']
    write('val/val_annotations.txt', `${lines.join('\n')}\n`)
    const { train, test, classNames } = await load()
    expect(classNames).toEqual(['n1', 'n2'])
    expect(pixelsOf(train)).toEqual([10, 20])
    expect([pixelsOf(test), [...test.labels]]).toEqual([
      [102, 100, 101],
      [0, 1, 1],
    ])
    write('val/val_annotations.txt', 'val_0.JPEG\tn3')
    await expect(load()).rejects.toThrow(`Expected classes of ${join(dir, 'train')} for`)
    write('val/val_annotations.txt', '../x.JPEG\tn1')
    await expect(load()).rejects.toThrow('but received ../x.JPEG')
    rmSync(join(dir, 'val/val_annotations.txt'))
    await expect(load()).rejects.toThrow(
      `Expected a class n1, which ${join(dir, 'train')} has, for ${join(dir, 'val')} but received only images`,
    )
    // Alone, a split has the classes that its annotations name.
    write('val/val_annotations.txt', `${lines.join('\n')}\n`)
    const alone = await listEncoded(join(dir, 'val'))
    expect([alone.classes, [...alone.labels]]).toEqual([
      ['n1', 'n2'],
      [0, 1, 1],
    ])
    // Scripts that sort the images by class leave the annotations.
    for (const [i, name] of ['n2', 'n2', 'n1'].entries()) await png(`val/${name}/val_${i}.JPEG`, counting(100 + i))
    rmSync(join(dir, 'val/images'), { recursive: true })
    expect(pixelsOf((await load()).test)).toEqual([102, 100, 101])
  })

  it('says how a split without folders must be arranged', async () => {
    await writePets()
    rmSync(join(dir, 'val'), { recursive: true })
    await png('val/1.png', counting(0))
    await expect(load()).rejects.toThrow(
      `Expected a folder per class for ${join(dir, 'val')} but received 1 .png: move each image into a folder of the name of its class`,
    )
  })

  // macOS and Windows have no such names.
  it.runIf(process.platform === 'linux')('reads files and classes whose names are not UTF-8', async () => {
    await writePets()
    const odd = (before: string, after: string) =>
      Buffer.concat([Buffer.from(join(dir, before)), Buffer.from([0xe9]), Buffer.from(after)])
    await png('more/1.png', counting(70))
    writeFileSync(odd('train/dog/caf', '.png'), readFileSync(join(dir, 'more/1.png')))
    for (const split of ['train', 'val']) {
      mkdirSync(odd(`${split}/caf`, ''))
      writeFileSync(odd(`${split}/caf`, '/1.png'), readFileSync(join(dir, 'more/1.png')))
    }
    rmSync(join(dir, 'more'), { recursive: true })
    const { train, test, classNames } = await load()
    expect(classNames).toEqual(['caf\\xe9', 'cat', 'dog'])
    expect(pixelsOf(train)).toEqual([70, 30, 20, 10, 70])
    expect([...test.labels]).toEqual([0, 1, 2])
    expect(pixelsOf((await load()).train)).toEqual([70, 30, 20, 10, 70])
    writeFileSync(odd('train/dog/caf', '.png'), 'no image')
    await expect(load()).rejects.toThrow(`for ${join(dir, 'train/dog/caf')}\\xe9.png but received`)
  })

  it('names a web page in the place of an image', async () => {
    await writePets()
    write('train/dog/b.png', '<html>')
    await expect(load()).rejects.toThrow(
      `Expected an image for ${join(dir, 'train/dog/b.png')} but received a web page`,
    )
  })

  it('takes the classes by name and their images in turn, by name, as planes', async () => {
    await writePets()
    write('train/notes.txt', 'no class')
    write('train/dog/notes.txt', 'no image')
    write('train/dog/._b.png', 'what macOS leaves')
    write('train/.ipynb_checkpoints/b.png', 'no class')
    const { train, test, classes, name, origin } = await load()
    expect(origin?.notes).toEqual([VAL, 'train: passed over 2 .txt beside 3 images'])
    expect({ name, classes }).toEqual({ name: 'pets', classes: 2 })
    expect(train).toMatchObject({ channels: 3, height: 2, width: 2 })
    expect([...train.labels]).toEqual([0, 1, 1])
    expect([...train.images]).toEqual([...planes(30), ...planes(20), ...planes(10)])
    expect([...test.labels]).toEqual([0, 1])
    expect([...test.images]).toEqual([...planes(50), ...planes(40)])
    expect(train.mean?.[0]).toBeCloseTo((20 + 4.5) / 255, 12)
  })

  it('takes a subset of all classes, of test where there is no val, through links', async () => {
    await writePets()
    renameSync(join(dir, 'val'), join(dir, 'test'))
    renameSync(join(dir, 'train', 'cat'), join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), join(dir, 'train', 'cat'))
    const { train, test, classes } = await load({ trainCount: 2, testCount: 1 })
    expect([...train.images]).toEqual([...planes(30), ...planes(20)])
    expect([[...train.labels], [...test.labels], classes]).toEqual([[0, 1], [0], 2])
  })

  it('takes the class shares of all images, a smaller subset being part of a larger one', async () => {
    for (let i = 0; i < 40; i++) await png(`train/cat/${i}.png`, counting(i))
    for (let i = 0; i < 5; i++) await png(`train/dog/${i}.png`, counting(100 + i))
    for (const name of ['cat', 'dog']) await png(`val/${name}/1.png`, counting(50))
    const firstPixels = async (options: Partial<DataConfig>, split: 'train' | 'validation' = 'train') =>
      pixelsOf((await load(options))[split]!)
    const nine = await firstPixels({ trainCount: 9 })
    const eighteen = await firstPixels({ trainCount: 18 })
    expect([nine.filter((pixel) => pixel >= 100), eighteen.filter((pixel) => pixel >= 100)]).toMatchObject([
      { length: 1 },
      { length: 2 },
    ])
    expect(eighteen).toEqual(expect.arrayContaining(nine))
    const [train, validation] = [
      await firstPixels({ validationCount: 18 }),
      await firstPixels({ validationCount: 18 }, 'validation'),
    ]
    expect(validation.filter((pixel) => pixel >= 100)).toHaveLength(2)
    const all = [...train, ...validation].toSorted((a, b) => a - b)
    expect(all).toEqual([...Array.from({ length: 40 }, (_, i) => i), 100, 101, 102, 103, 104])
  })

  it('makes three channels of greys, of colours with alpha, and of JPEG of either', async () => {
    await png('train/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    await png('train/a/2.png', { height: 1, width: 2, pixels: [1, 2, 3, 0, 4, 5, 6, 99] })
    const grey = raw({ height: 1, width: 2, pixels: [100, 100] })
    write('train/a/3.jpg', await grey.clone().toColourspace('b-w').jpeg().toBuffer())
    // Orientation 6 asks for a turn: the image would be 2×1.
    write('train/a/4.JPEG', await grey.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer())
    await png('val/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    const first = await load()
    const { train, origin } = first
    expect(origin?.notes).toEqual([
      VAL,
      'train: 1 of 4 images are grey and are read as three equal channels',
      'train: 1 of 4 images have transparency, which is dropped',
      'train: 1 of 4 images have an EXIF orientation, which is not applied',
    ])
    // From the cache too, and also if only the pixels are left there.
    expect(await load()).toEqual(first)
    for (const file of readdirSync(join(root, 'cache', 'images'))) {
      if (file.endsWith('.json')) rmSync(join(root, 'cache', 'images', file))
    }
    expect(await load()).toEqual(first)
    expect(train).toMatchObject({ height: 1, width: 2 })
    expect([...train.images.subarray(0, 12)]).toEqual([7, 200, 7, 200, 7, 200, 1, 4, 2, 5, 3, 6])
    expect([...train.images.subarray(12)]).toEqual(new Array(12).fill(100))
  })

  it('leaves images of the size as they are, and resizes and crops others', async () => {
    await png('train/a/1.png', counting(10))
    // Shorter side to 2 · 256 / 224 = 2.29, so 2, and the longer one to 4: the middle two of four columns.
    const columns = [0, 0, 40, 40, 80, 80, 120, 120]
    await png('train/a/2.png', { height: 4, width: 8, pixels: [columns, columns, columns, columns].flat() })
    await png('val/a/1.png', counting(20))
    const { train } = await load({ size: 2 })
    expect([...train.images.subarray(0, 12)]).toEqual(planes(10))
    // Weights 1, 3, 3, 1 of 8 around each centre: (3 · 40 + 3 · 40 + 0 + 80) / 8, (3 · 80 + 3 · 80 + 40 + 120) / 8.
    const row = [40, 80]
    expect([...train.images.subarray(12)]).toEqual([row, row, row, row, row, row].flat())
  })
})

describe('splits', () => {
  it('are what their names say; without test, a validation split is the test split', async () => {
    await writePets()
    renameSync(join(dir, 'val'), join(dir, 'valid'))
    const alone = await load()
    expect([...alone.test.images]).toEqual([...planes(50), ...planes(40)])
    expect(alone.validation).toBeUndefined()
    expect(alone.origin).toEqual({
      names: { test: 'valid' },
      notes: ['valid is the test split, because there is no split test'],
    })
    await png('test/dog/1.png', counting(60))
    await png('test/cat/1.png', counting(70))
    const { test, validation, train, origin } = await load()
    expect([...test.images]).toEqual([...planes(70), ...planes(60)])
    expect(validation).toEqual({ ...alone.test })
    expect(validation?.mean).toEqual(train.mean)
    expect(origin).toEqual({ names: { validation: 'valid', test: 'test' }, notes: [] })
  })

  it('without labels are no test split', async () => {
    await writePets()
    await png('test/images/1.png', counting(60))
    const { test, validation, origin } = await load()
    expect([...test.images]).toEqual([...planes(50), ...planes(40)])
    expect(validation).toBeUndefined()
    expect(origin?.notes).toEqual([VAL, 'test is not used, because it has no class of train'])
    await expect(load({ test: 'test' })).rejects.toThrow('Expected a class cat, which')
  })

  it('of validation have the classes and the size of the others', async () => {
    await writePets()
    await png('test/dog/1.png', counting(60))
    await png('test/cat/1.png', { height: 1, width: 2, pixels: [1, 2] })
    await expect(load({ test: 'test' })).rejects.toThrow('but received 1×2')
    await expect(load({ test: 'val', validation: 'test' })).rejects.toThrow('but received 1×2')
    rmSync(join(dir, 'test/cat'), { recursive: true })
    await expect(load({ test: 'val', validation: 'test' })).rejects.toThrow('Expected a class cat, which')
  })
})
