import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEncoded } from '../../../../src/data/stream/encoded-files.js'
import { listEncoded } from '../../../../src/data/stream/list-encoded.js'
import { needsStreaming, splitPlaces } from '../../../../src/data/stream/split-places.js'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pada-list-'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** Writes files by name; their contents are their names. */
function folder(name: string, files: readonly string[]): string {
  for (const file of files) {
    const path = join(root, name, file)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, file.includes('empty') ? '' : file)
  }
  return join(root, name)
}

/** Contents of all images in their order, with their classes. */
async function contents(place: string, classes?: readonly string[]) {
  const split = await listEncoded(place, classes)
  const images: string[] = []
  for (const [index, label] of split.labels.entries()) {
    images.push(`${split.classes[label]}: ${(await readEncoded(split.files, index)).toString()}`)
  }
  return images
}

const CLASSES = ['n01/a.JPEG', 'n01/b.JPEG', 'n01/c.JPEG', 'n02/a.JPEG', 'n02/d.png']
const ORDER = ['n01: n01/a.JPEG', 'n02: n02/a.JPEG', 'n01: n01/b.JPEG', 'n02: n02/d.png', 'n01: n01/c.JPEG']
const tar = (...args: string[]) => execFileSync('tar', args, { cwd: root })

describe('listEncoded', () => {
  it('reads a folder per class, and alternates classes', async () => {
    const place = folder('classes', [...CLASSES, 'n01/notes.txt'])
    expect(await contents(place)).toEqual(ORDER)
    expect((await listEncoded(place)).passedOver).toEqual(new Map([['.txt', 1]]))
  })

  it.each(['gnu', 'posix', 'ustar'])('reads a tar of folders: %s', async (format) => {
    folder('classes', CLASSES)
    tar('-C', 'classes', `--format=${format}`, '-cf', `${format}.tar`, 'n01', 'n02')
    const place = join(root, `${format}.tar`)
    expect(await contents(place)).toEqual(ORDER)
    expect((await listEncoded(place)).digest).toBe((await listEncoded(join(root, 'classes'))).digest)
  })

  it('takes the outermost folder for the class, in a tar as in a folder', async () => {
    const files = ['n01/images/a.JPEG', 'n02/images/b.JPEG', 'n02/c.JPEG']
    const images = ['n01: n01/images/a.JPEG', 'n02: n02/c.JPEG', 'n02: n02/images/b.JPEG']
    const place = folder('deep/train', files)
    expect((await contents(place)).toSorted()).toEqual(images)
    tar('-C', 'deep/train', '-cf', 'deep/inner.tar', '.')
    expect((await contents(join(root, 'deep', 'inner.tar'))).toSorted()).toEqual(images)
    // All members are in `train`, and one lies beside the classes.
    writeFileSync(join(place, 'stray.JPEG'), 'stray')
    tar('-C', 'deep', '-cf', 'deep/outer.tar', 'train')
    const outer = join(root, 'deep', 'outer.tar')
    expect((await contents(outer)).toSorted()).toEqual(images)
    expect((await listEncoded(outer)).passedOver).toEqual(new Map([['.jpeg', 1]]))
  })

  it('takes no labels of other images for a tar that has classes', async () => {
    folder('both/train', CLASSES)
    tar('-C', 'both/train', '-cf', 'both/train.tar', 'n01', 'n02')
    writeFileSync(join(root, 'both', 'LOC_val_solution.csv'), 'ImageId,PredictionString\nval_1,n02 5 6 7 8\n')
    expect(await contents(join(root, 'both', 'train.tar'))).toEqual(ORDER)
  })

  it('counts images that cannot be streamed', async () => {
    const place = folder('mixed', [...CLASSES, 'n01/e.bmp', 'n02/f.ppm'])
    expect(await contents(place)).toEqual(ORDER)
    expect((await listEncoded(place)).passedOver).toEqual(
      new Map([
        ['.bmp', 1],
        ['.ppm', 1],
      ]),
    )
  })

  it('passes over what lies beside the classes of a tar, as in a folder, and what is hidden', async () => {
    const place = folder('stray', [...CLASSES, 'stray.JPEG', '.cache/a.JPEG'])
    tar('-C', 'stray', '-cf', 'stray.tar', '.')
    const packed = join(root, 'stray.tar')
    expect(await contents(packed)).toEqual(ORDER)
    expect(await contents(place)).toEqual(ORDER)
    expect((await listEncoded(packed)).passedOver.get('.jpeg')).toBe(2)
    expect((await listEncoded(place)).passedOver.get('.jpeg')).toBe(1)
  })

  it.each(['gnu', 'posix'])('keeps names apart that are not UTF-8, and counts links: %s', async (format) => {
    const place = join(root, `odd-${format}`)
    for (const name of ['\xe4', '\xf6']) {
      const inner = Buffer.from(join(place, name), 'latin1')
      mkdirSync(inner, { recursive: true })
      writeFileSync(Buffer.concat([inner, Buffer.from('/a.png')]), name)
    }
    symlinkSync('a.png', Buffer.concat([Buffer.from(join(place, '\xe4'), 'latin1'), Buffer.from('/b.png')]))
    tar('-C', place, `--format=${format}`, '-cf', `odd-${format}.tar`, '.')
    const split = await listEncoded(join(root, `odd-${format}.tar`))
    expect(split.classes).toEqual(['\\xe4', '\\xf6'])
    expect(split.labels).toHaveLength(2)
    expect(split.passedOver).toEqual(new Map([['.png', 1]]))
  })

  it('reads a tar of a tar per class, as that of ImageNet', async () => {
    const names = ['a.JPEG', `${'b'.repeat(120)}.JPEG`]
    for (const name of ['n01', 'n02']) {
      folder('inner', names)
      tar('-C', 'inner', '-cf', `${name}.tar`, ...names)
    }
    tar('-cf', 'nested.tar', 'n01.tar', 'n02.tar')
    expect(await contents(join(root, 'nested.tar'))).toEqual(names.flatMap((name) => [`n01: ${name}`, `n02: ${name}`]))
  })

  it('takes the last of several members of one path, as unpacking does, and passes over the others', async () => {
    const place = folder('again', CLASSES)
    tar('-C', 'again', '-cf', 'again.tar', 'n01', 'n02')
    writeFileSync(join(place, 'n01', 'b.JPEG'), 'new')
    tar('-C', 'again', '-rf', 'again.tar', 'n01/b.JPEG')
    const packed = join(root, 'again.tar')
    expect(await contents(packed)).toEqual(ORDER.map((image) => (image === 'n01: n01/b.JPEG' ? 'n01: new' : image)))
    expect((await listEncoded(packed)).passedOver).toEqual(new Map([['.jpeg', 1]]))
    // The same path, written otherwise.
    tar('-C', 'again', '-rf', 'again.tar', './n01/b.JPEG')
    expect(await contents(packed)).toHaveLength(CLASSES.length)
  })

  it('takes the last of several tars of one class', async () => {
    for (const names of [['a.JPEG', 'b.JPEG'], ['c.JPEG']]) {
      tar('-C', folder('versions', names), '-cf', 'n01.tar', ...names)
      tar(names.length === 2 ? '-cf' : '-rf', 'versions.tar', 'n01.tar')
    }
    expect(await contents(join(root, 'versions.tar'))).toEqual(['n01: c.JPEG'])
  })

  it('keeps an image that is archived again as a link to itself', async () => {
    const place = folder('linked', ['n01/a.JPEG'])
    linkSync(join(place, 'n01', 'a.JPEG'), join(root, 'hard'))
    tar('-C', 'linked', '-cf', 'linked.tar', 'n01', 'n01/a.JPEG')
    expect(await contents(join(root, 'linked.tar'))).toEqual(['n01: n01/a.JPEG'])
  })

  it('refuses a tar that is cut off, and other files', async () => {
    tar('-C', 'classes', '-cf', 'whole.tar', 'n01')
    const cut = join(root, 'cut.tar')
    writeFileSync(cut, readFileSync(join(root, 'whole.tar')).subarray(0, 1700))
    await expect(listEncoded(cut)).rejects.toThrow(`Expected a whole tar for ${cut} but received one without an end`)
    writeFileSync(cut, readFileSync(join(root, 'whole.tar')).subarray(0, 1030))
    await expect(listEncoded(cut)).rejects.toThrow(`Expected a whole tar for ${cut} but received its end in the member`)
    const other = join(root, 'other.tar')
    writeFileSync(other, 'x'.repeat(2000))
    await expect(listEncoded(other)).rejects.toThrow(`Expected a tar of images for ${other}`)
    writeFileSync(other, gzipSync(readFileSync(join(root, 'whole.tar'))))
    await expect(listEncoded(other)).rejects.toThrow(`Expected a tar of images for ${other} but received one in gzip`)
  })

  it('leaves files without a byte out, and names them', async () => {
    const place = folder('holes', ['n01/a.JPEG', 'n01/empty.JPEG'])
    expect(await contents(place)).toEqual(['n01: n01/a.JPEG'])
    expect((await listEncoded(place)).empty).toEqual([`${place}/n01/empty.JPEG`])
  })

  it('changes its digest with names and sizes, not with the folder', async () => {
    const digest = async (name: string, files: readonly string[]) => (await listEncoded(folder(name, files))).digest
    const first = await digest('one', CLASSES)
    expect(await digest('two', CLASSES)).toBe(first)
    expect(await digest('three', CLASSES.slice(1))).not.toBe(first)
    writeFileSync(join(root, 'two', 'n01', 'a.JPEG'), 'longer than before')
    expect((await listEncoded(join(root, 'two'))).digest).not.toBe(first)
  })
})

describe('a flat split', () => {
  const FLAT = ['val_1.JPEG', 'val_2.JPEG', 'val_3.JPEG']
  const labelled = ['n01: val_2.JPEG', 'n02: val_1.JPEG', 'n02: val_3.JPEG']

  it('takes classes from the solution of Kaggle', async () => {
    const place = folder('kaggle/val', FLAT)
    const lines = [
      'ImageId,PredictionString',
      'val_2,n01 1 2 3 4',
      'val_1,n02 5 6 7 8 n02 1 2 3 4',
      'val_3,n02 1 1 2 2',
    ]
    writeFileSync(join(root, 'kaggle', 'LOC_val_solution.csv'), `${lines.join('\n')}\n`)
    expect(await contents(place)).toEqual(labelled)
  })

  it('takes numbers of the development kit, which meta.mat explains', async () => {
    const place = folder('kit/val', FLAT)
    const kit = join(root, 'kit', 'ILSVRC2012_devkit_t12', 'data')
    mkdirSync(kit, { recursive: true })
    writeFileSync(join(kit, 'ILSVRC2012_validation_ground_truth.txt'), '1\n2\n1\n')
    const meta = readFileSync(new URL('../../../fixtures/meta.mat', import.meta.url))
    writeFileSync(join(kit, 'meta.mat'), meta)
    expect(await contents(place)).toEqual(labelled)
    // The number in a name tells the line, also if another image is missing.
    rmSync(join(place, 'val_1.JPEG'))
    expect(await contents(place)).toEqual(labelled.filter((image) => !image.includes('val_1')))
    const labels = join(kit, 'ILSVRC2012_validation_ground_truth.txt')
    writeFileSync(labels, '1\n2\n')
    await expect(listEncoded(place)).rejects.toThrow(
      `Expected numbers of images from 1 to 2 for ${labels} but received val_3.JPEG`,
    )
    folder('kit/val', ['stray.JPEG'])
    await expect(listEncoded(place)).rejects.toThrow(
      `Expected names that end in their number, as ILSVRC2012_val_00000001.JPEG, for ${labels} but received stray.JPEG`,
    )
  })

  it('takes a list of names and of classes, or of their numbers', async () => {
    const place = folder('list/val', FLAT)
    writeFileSync(join(root, 'list', 'val.txt'), 'val_1.JPEG n02\nval_2.JPEG n01\nval_3.JPEG n02\n')
    expect(await contents(place)).toEqual(labelled)
    writeFileSync(join(root, 'list', 'val.txt'), 'val_1.JPEG 1\nval_2.JPEG 0\nval_3.JPEG 1\n')
    expect(await contents(place, ['n01', 'n02'])).toEqual(labelled)
    await expect(listEncoded(place)).rejects.toThrow('Expected names of classes')
  })

  it('takes the class of the whole name before that of the name without suffix, and refuses two classes', async () => {
    const place = folder('suffixes/val', ['1.jpg', '1.png', '2.jpg'])
    const list = join(root, 'suffixes', 'val.txt')
    writeFileSync(list, '1.jpg n01\n1.png n02\n2.webp n01\n')
    expect(await contents(place)).toEqual(['n01: 1.jpg', 'n02: 1.png', 'n01: 2.jpg'])
    // A name without suffix may have a dot.
    folder('suffixes/val', ['3.b.jpg'])
    writeFileSync(list, '1.jpg n01\n1.png n02\n2.webp n01\n3.a n01\n3.b n02\n')
    expect(await contents(place)).toContain('n02: 3.b.jpg')
    writeFileSync(list, '1.jpg n01\n1.png n02\n2.webp n01\n3.a n01\n')
    await expect(listEncoded(place)).rejects.toThrow(`of 3.b.jpg for ${list} but received none`)
    writeFileSync(list, '1.jpg n01\n1.png n02\n2.webp n01\n3.b n02\n')
    folder('suffixes/val', ['1.webp'])
    const refusal = `Expected one class of 1.webp for ${list} but received n01 and n02`
    await expect(listEncoded(place)).rejects.toThrow(refusal)
    rmSync(join(place, '1.webp'))
    writeFileSync(list, '1.jpg n01\n1.png n02\n2.jpg n01\n3.b n02\n2.jpg n02\n')
    await expect(listEncoded(place)).rejects.toThrow(`Expected one class of 2.jpg for ${list} but received n01 and n02`)
  })

  it('may have its list within, named as the split', async () => {
    const place = folder('within/val', FLAT)
    writeFileSync(join(place, 'val.txt'), 'val_1.JPEG n02\nval_2.JPEG n01\nval_3.JPEG n02\n')
    expect(await contents(place)).toEqual(labelled)
  })

  it('may have hidden folders', async () => {
    const place = folder('hidden/val', [
      ...FLAT,
      '.ipynb_checkpoints/val_1.JPEG',
      '__MACOSX/._val_1.JPEG',
      '._val_1.JPEG',
    ])
    writeFileSync(join(root, 'hidden', 'val.txt'), 'val_1.JPEG n02\nval_2.JPEG n01\nval_3.JPEG n02\n')
    expect(await contents(place)).toEqual(labelled)
    expect((await listEncoded(place)).passedOver.size).toBe(0)
  })

  it('refuses numbers where classes have other numbers as names', async () => {
    const place = folder('digits/val', FLAT)
    const list = join(root, 'digits', 'val.txt')
    writeFileSync(list, 'val_1.JPEG 2\nval_2.JPEG 10\nval_3.JPEG 1\n')
    await expect(listEncoded(place, ['1', '10', '2'])).rejects.toThrow(
      `Expected a folder per class in place of a file of labels, because classes have numbers as names, for ${list} but`,
    )
    writeFileSync(list, 'val_1.JPEG 2\nval_2.JPEG 0\nval_3.JPEG 1\n')
    expect(await contents(place, ['0', '1', '2'])).toHaveLength(3)
  })

  it('may be a tar', async () => {
    folder('list/val', FLAT)
    tar('-C', 'list/val', '-cf', 'list/val.tar', ...FLAT)
    writeFileSync(join(root, 'list', 'val.txt'), 'val_1.JPEG n02\nval_2.JPEG n01\nval_3.JPEG n02\n')
    expect(await contents(join(root, 'list', 'val.tar'))).toEqual(labelled)
    tar('-C', 'list/val', '-cf', 'alone.tar', ...FLAT)
    await expect(listEncoded(join(root, 'alone.tar'))).rejects.toThrow('Expected a folder or a tar per class')
    // The members are called ./val_1.JPEG.
    tar('-C', 'list/val', '-cf', 'dotted.tar', '.')
    await expect(listEncoded(join(root, 'dotted.tar'))).rejects.toThrow(/^Expected a folder or .* received a flat tar$/)
  })
})

it('asks only splits that may be used whether images must be streamed', async () => {
  const dir = folder('beside', ['train/n01/a.JPEG', 'test/n01/a.JPEG'])
  writeFileSync(join(dir, 'download.tar'), '')
  expect(await needsStreaming(dir, {})).toBe(false)
  expect(await needsStreaming(dir, { validation: 'download' })).toBe(true)
  writeFileSync(join(dir, 'valid.tar'), '')
  expect(await needsStreaming(dir, {})).toBe(true)
  expect(await needsStreaming(dir, { validation: 'none' })).toBe(false)
  expect(await needsStreaming(dir, { validationCount: 5 })).toBe(false)
  // Without a split `test`, or with one without labels, the validation split is tested on.
  rmSync(join(dir, 'test', 'n01'), { recursive: true })
  folder('beside', ['test/a.JPEG'])
  expect(await needsStreaming(dir, { validation: 'none' })).toBe(true)
  rmSync(join(dir, 'test'), { recursive: true })
  expect(await needsStreaming(dir, { validation: 'none' })).toBe(true)
})

it('finds splits by their names, and those of ImageNet by theirs', async () => {
  const dir = folder('places', ['train/n01/a.JPEG', 'val/n01/a.JPEG'])
  for (const file of ['val.pada', 'ILSVRC2012_img_train.tar', 'ILSVRC2012_img_val.tar', 'test.tar', 'notes.txt']) {
    writeFileSync(join(dir, file), '')
  }
  expect(Object.fromEntries(await splitPlaces(dir))).toEqual({
    train: join(dir, 'train'),
    val: join(dir, 'val.pada'),
    test: join(dir, 'test.tar'),
  })
})
