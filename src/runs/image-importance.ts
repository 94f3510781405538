/** How important the training images of a run are, from its checkpoint. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSafetensors } from '../formats/safetensors.js'
import { readFromCheckpoint } from './checkpoint.js'

/** How often the images of a run are drawn, by importance. */
export interface ImageImportance {
  /** Per training image, the expected number of draws in the next epoch. The mean is 1. */
  readonly draws: Float64Array
  /**
   * Expected draws of an image with importance 0, because no step of the epoch before drew it. Undefined if all were
   * drawn: such images are known by having the smallest number in common.
   */
  readonly least?: number
  /** Identity of the training images: see `ImagesIdentity`. */
  readonly images: string
}

/**
 * Reads from the checkpoint the distribution that images are drawn from. Undefined for methods that draw all images
 * alike, and before the first epoch has ended.
 */
export async function readImageImportance(folder: string): Promise<ImageImportance | undefined> {
  return readFromCheckpoint(join(folder, 'checkpoint'), importanceIn)
}

async function importanceIn(checkpoint: string): Promise<ImageImportance | undefined> {
  const { tensors } = await readSafetensors(join(checkpoint, 'state.safetensors'))
  const probabilities = tensors.get('method.dataProbabilities')?.data
  if (!(probabilities instanceof Float64Array)) return undefined
  const { identity } = JSON.parse(await readFile(join(checkpoint, 'state.json'), 'utf8'))
  const draws = probabilities.map((probability) => probability * probabilities.length)
  const least = draws.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY)
  const equal = draws.filter((value) => value === least).length
  return { draws, ...(equal > 1 && { least }), images: identity.trainingImages }
}
