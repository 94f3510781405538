import { describe, expect, it } from 'vitest'
import { describeOddities } from '../../../src/data/class-shares.js'
import { loadSplits } from '../../../src/data/index.js'
import type { Splits } from '../../../src/data/splits.js'

/** Images of a split with these numbers of images per class. */
function images(...counts: readonly number[]) {
  const labels = Int32Array.from(counts.flatMap((count, label) => new Array<number>(count).fill(label)))
  return { images: new Uint8Array(labels.length), labels, channels: 1, height: 1, width: 1 }
}

function oddities(splits: Pick<Splits, 'train' | 'test' | 'validation'>, classes: number) {
  return describeOddities({ ...splits, classes, name: 'made' })
}

describe('what is said about classes', () => {
  it('is nothing for the embedded data and their subsets', async () => {
    expect(describeOddities(await loadSplits({ format: 'embedded' }))).toEqual([])
    const few = await loadSplits({ format: 'embedded', trainCount: 1000, testCount: 20, validationCount: 30 })
    expect(describeOddities(few)).toEqual([])
  })

  it('is nothing for the class counts of published data: CIFAR, MNIST, SVHN, ImageNet16-120', () => {
    const equal = (classes: number, count: number) => images(...new Array<number>(classes).fill(count))
    expect(oddities({ train: equal(100, 500), test: equal(100, 100) }, 100)).toEqual([])
    const mnist = {
      train: images(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
      test: images(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    }
    expect(oddities(mnist, 10)).toEqual([])
    const svhn = {
      train: images(4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659),
      test: images(1744, 5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595),
    }
    expect(oddities(svhn, 10)).toEqual([])
    const imageNet16 = images(732, 1300, ...new Array<number>(118).fill(1269))
    expect(oddities({ train: imageNet16, test: equal(120, 50) }, 120)).toEqual([])
  })

  it('names classes without images, once', () => {
    const gap = images(0, 100, 100, 100, 100, 100)
    expect(oddities({ train: gap, test: images(0, 40, 40, 40, 40, 40) }, 6)).toEqual([
      'no training image is of class 0 (of 0 to 5)',
    ])
    expect(oddities({ train: gap, test: images(0, 40, 0, 40, 0, 40) }, 6)).toEqual([
      'no training image is of class 0 (of 0 to 5)',
      'no test image is of 2 of 6 classes: 2, 4',
    ])
    const many = images(...Array.from({ length: 20 }, (_, label) => label % 2))
    expect(oddities({ train: many, test: many }, 20)).toEqual([
      'no training image is of 10 of 20 classes: 0, 2, 4, 6, 8 …',
    ])
  })

  it('names a split of one class', () => {
    const even = images(20, 20)
    expect(oddities({ train: even, test: even, validation: images(0, 7) }, 2)).toEqual([
      'all 7 validation images are of class 1',
    ])
    expect(oddities({ train: images(9, 0), test: even }, 2)).toEqual(['all 9 training images are of class 0'])
    // A data set of one class is what it is.
    expect(oddities({ train: images(9), test: images(3) }, 1)).toEqual([])
  })

  it('says where the largest class has more than ten times the images of the smallest', () => {
    expect(oddities({ train: images(100, 10), test: images(100, 10) }, 2)).toEqual([])
    expect(oddities({ train: images(101, 10), test: images(101, 10) }, 2)).toEqual([
      'the training images are imbalanced: 101 of class 0, 10 of class 1',
      'the test images are imbalanced: 101 of class 0, 10 of class 1',
    ])
  })

  it('says where shares differ more than twofold from those of training, beyond a rounding', () => {
    const train = images(400, 100)
    expect(oddities({ train, test: images(121, 79) }, 2)).toEqual([])
    expect(oddities({ train, test: images(118, 82) }, 2)).toEqual([
      '1 of 2 classes differ more than twofold in share: class 1 is 20.0 % of the training images, 41.0 % of the test images',
    ])
    // Few images: one more or less is no difference.
    expect(oddities({ train, test: images(1, 1) }, 2)).toEqual([])
  })
})
