/** Prepares a benchmark: a search space, and images of its shape. */

import { exists } from '../base/files.js'
import { RandomStream } from '../base/random.js'
import type { Config } from '../config/index.js'
import { openSplits, prepareSplits } from '../data/index.js'
import { generateImages } from '../data/readers/generated.js'
import type { AnySplits } from '../data/splits.js'
import { createSpace, type SearchSpace } from '../spaces/index.js'

/** Search space and images of a benchmark. */
export interface BenchmarkJob {
  readonly space: SearchSpace
  readonly splits: AnySplits
  /** True if the images are noise, because the data set is absent. */
  readonly generated: boolean
}

/**
 * Loads the data set of the settings. If its folder does not exist, generates splits of `images` images each instead.
 *
 * @throws UserError if the data do not fit; the signal's reason if it aborts.
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
        await generateImages(data, { train: images, test: images }, RandomStream.named(seed, 'generated'), signal),
        'generated images',
        { ...data, validationCount: undefined },
      )
    : await openSplits(data, { signal })
  const { channels, height, width } = splits.train
  return { space: createSpace(space, { channels, height, width }, splits.classes), splits, generated }
}
