import { expected } from '../base/errors.js'

/**
 * Converts labels that count from `first` to class indices from 0.
 *
 * @throws UserError with the first label outside the `classes` classes, and its index.
 */
export function classIndices(labels: ArrayLike<number>, classes: number, file: string, first = 0): Int32Array {
  return Int32Array.from(labels, (label, index) => {
    if (Number.isInteger(label) && label >= first && label < first + classes) return label - first
    const range = `${first} to ${first + classes - 1}`
    throw expected(`labels from ${range}`, file, `${label} at index ${index}`)
  })
}
