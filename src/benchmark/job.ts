/** What a benchmark runs on: a space, and images of its shape. */

import { exists } from '../base/files.js'
import { RandomStream } from '../base/random.js'
import type { Config } from '../config/index.js'
import { loadSplits, prepareSplits, type Splits } from '../data/index.js'
import { generateImages } from '../data/readers/generated.js'
import { createSpace, type SearchSpace } from '../spaces/index.js'

/** What a benchmark runs on. */
export interface BenchmarkJob {
  readonly space: SearchSpace
  readonly splits: Splits
  /** Whether noise stands in for images, because the data set is absent. */
  readonly generated: boolean
}

/**
 * Loads the images that the settings name, or generates `images` of their shape where their folder does not exist.
 *
 * @throws UserError for data that do not fit; the reason of an aborted signal.
 */
export async function prepareBenchmark(
  { data, space, seed }: Config,
  images: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<BenchmarkJob> {
  const { format, dir } = data
  const generated = format !== 'embedded' && (dir === undefined || !(await exists(dir)))
  const splits = generated
    ? prepareSplits(
        generateImages(data, { train: images, test: images }, RandomStream.named(seed, 'generated')),
        'generated images',
        { ...data, validationCount: undefined },
      )
    : await loadSplits(data, { signal })
  const { channels, height, width } = splits.train
  return { space: createSpace(space, { channels, height, width }, splits.classes), splits, generated }
}
