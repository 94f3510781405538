/** What a data set is to a search: images to train, to choose and to test on, and where they come from. */
import type { ImageData } from '../native/index.js'
import type { SplitNotes } from './images.js'
import type { SplitImages } from './stream/streamed-images.js'

/** Images to train and to test on. You can give your own images as such a plain object. */
export interface Splits<Images extends SplitImages = ImageData> {
  readonly train: Images
  /** Images of a validation split, or held out of the training images, if any. `finding` judges sub-models by them. */
  readonly validation?: Images
  readonly test: Images
  readonly classes: number
  /** Names of the classes in the order of their labels; absent if they are not known. */
  readonly classNames?: readonly string[]
  /** Name of the data set in reports. */
  readonly name: string
  /** Where the images come from, and what was passed over, for reports. */
  readonly origin?: SplitNotes
}

/** Splits whose images are in memory or in files that are read during training. */
export type AnySplits = Splits<SplitImages>

/** Images of a split, and its name in the files. */
export interface UsedSplit {
  readonly split: string
  readonly images: number
}

/** The images of a search, and sentences about choices that were made and about what was passed over. */
export interface UsedImages {
  readonly train: UsedSplit
  readonly validation?: UsedSplit
  readonly test: UsedSplit
  readonly notes: readonly string[]
}

/** Names and counts of the splits. */
export function usedImages({ train, validation, test, origin = {} }: AnySplits): UsedImages {
  const { names = {}, notes = [] } = origin
  const used = (split: string, { labels }: SplitImages) => ({ split, images: labels.length })
  return {
    train: used(names.train ?? 'train', train),
    ...(validation && { validation: used(names.validation ?? 'validation', validation) }),
    test: used(names.test ?? 'test', test),
    notes,
  }
}
