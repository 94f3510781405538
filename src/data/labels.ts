import { UserError } from '../base/errors.js'

/**
 * Class indices from 0, of labels that count from `first`.
 *
 * @throws UserError for a label outside the `classes` classes, and its index.
 */
export function classIndices(labels: ArrayLike<number>, classes: number, file: string, first = 0): Int32Array {
  return Int32Array.from(labels, (label, index) => {
    if (Number.isInteger(label) && label >= first && label < first + classes) return label - first
    const range = `${first} to ${first + classes - 1}`
    throw new UserError(`Expected labels from ${range} for ${file} but received ${label} at index ${index}`)
  })
}
