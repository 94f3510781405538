/** Images of a split that are decoded when a batch needs them. */
import type { ImageData, StreamData } from '../../native/index.js'
import { stratifiedOrder } from '../stratified-order.js'
import { pickFiles } from './encoded-files.js'

/** Images of a split that are not in memory. Three channels, as large as the settings say. */
export interface StreamedImages extends StreamData {
  readonly channels: 3
  readonly height: number
  readonly width: number
  /** Hashes that order the images of a class. */
  keys(): Uint32Array
  /** Digest of the images and of what decides their pixels. */
  readonly digest: string
}

/** Images of a split: in memory, or in files that are read during training. */
export type SplitImages = ImageData | StreamedImages

/** True if the images are not in memory. */
export function isStreamed(images: SplitImages): images is StreamedImages {
  return 'files' in images
}

/** How images are read, as the setting `data.source` names it. */
export function sourceOf(images: SplitImages): 'resident' | 'streaming' {
  return isStreamed(images) ? 'streaming' : 'resident'
}

/** The images with these indices, in this order. */
export function pickStreamed(images: StreamedImages, indices: Int32Array): StreamedImages {
  return {
    ...images,
    files: pickFiles(images.files, indices),
    labels: indices.map((index) => images.labels[index]),
    keys: () => {
      const keys = images.keys()
      return Uint32Array.from(indices, (index) => keys[index])
    },
  }
}

/** The stratified order of `stratified.ts`, in which names take the place of pixels. */
export function streamedOrder({ labels, keys }: Pick<StreamedImages, 'labels' | 'keys'>): Int32Array {
  const known = keys()
  return stratifiedOrder(labels, (a, b) => known[a] - known[b] || a - b)
}
