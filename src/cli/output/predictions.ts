/** Classes that paths give images. */
import Table from 'cli-table3'
import { percent } from '../../base/format.js'

/** Most images in a table. */
const SHOWN = 100

export interface Prediction {
  /** Name of the file. */
  readonly image: string
  /** Label of the class with the largest logit. */
  readonly class: number
  /** Name of that class; absent if it is not known. */
  readonly name?: string
  /** Its softmax, in [0, 1]. */
  readonly probability: number
}

/** The most likely class of each image, from logits [images, classes]. */
export function predict(
  logits: Float32Array,
  files: readonly string[],
  classNames: readonly string[] = [],
): Prediction[] {
  const classes = logits.length / files.length
  return files.map((image, at) => {
    const row = logits.subarray(at * classes, (at + 1) * classes)
    const largest = Math.max(...row)
    const best = row.indexOf(largest)
    const probability = 1 / row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)
    return { image, class: best, ...(classNames[best] !== undefined && { name: classNames[best] }), probability }
  })
}

/** A table of the images' classes, of at most 100 images. */
export function describePredictions(predictions: readonly Prediction[]): string[] {
  const table = new Table({
    head: ['image', 'class', 'probability'],
    colAligns: ['left', 'left', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { image, class: label, name = `class ${label}`, probability } of predictions.slice(0, SHOWN))
    table.push([image, name, percent(probability)])
  const left = predictions.length - SHOWN
  return [...table.toString().split('\n'), ...(left > 0 ? [`and ${left} more images, which --json lists`] : [])]
}
