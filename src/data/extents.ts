import { RandomStream } from '../base/random.js'
import type { DataConfig } from '../config/schema.js'
import type { Shape } from '../programs/program.js'
import { openSplits, prepareSplits, publishedOf } from './index.js'
import { generateImages } from './readers/generated.js'

/**
 * Shape of the images as a network sees them, and number of classes. Reads no file if the format determines both.
 *
 * @throws UserError as {@link openSplits} does.
 */
export async function imageExtents(config: DataConfig): Promise<{ readonly input: Shape; readonly classes: number }> {
  // A validation split that is named tells which of several splits is the test split.
  const validation = config.validation ?? 'none'
  const one = { ...config, trainCount: 1, testCount: 1, validationCount: undefined, validation }
  const known = publishedOf(config) !== undefined
  const { train, classes } = known ? prepareSplits(await placeholder(one), config.format, one) : await openSplits(one)
  const { channels, height, width } = train
  return { input: { channels, height, width }, classes }
}

/** One image of arbitrary pixels per split. */
function placeholder(config: DataConfig) {
  return generateImages(config, { train: 1, test: 1 }, RandomStream.named(0, 'extents'))
}
