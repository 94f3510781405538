/** Says what is odd in the classes of a data set's splits, before anything is trained on them. */
import type { AnySplits } from './splits.js'

/** Largest class over smallest class of one split, above which the split is called imbalanced. */
const IMBALANCE = 10
/** Ratio of a class's shares in training and in another split, above which the two are said to differ. */
const DIFFERENCE = 2
/** Number of classes that a sentence lists. */
const LISTED = 5

/** Number of images of each class. */
type Counts = readonly number[]

/**
 * One sentence for each oddity: classes without images, a split of one class, a largest class of more than 10 times the
 * smallest, and class shares that differ more than twofold from those of training. Nothing for an ordinary data set.
 */
export function describeOddities({ train, validation, test, classes }: AnySplits): string[] {
  const inTraining = countByClass(train.labels, classes)
  const others = { validation, test }
  const lines = describeSplit('training', inTraining, [])
  const absent = indicesWhere(inTraining, (count) => count === 0)
  for (const [name, split] of Object.entries(others)) {
    if (split === undefined) continue
    const counts = countByClass(split.labels, classes)
    lines.push(...describeSplit(name, counts, absent), ...compare(inTraining, name, counts))
  }
  return lines
}

/** `absent`: classes of which it was said already that they have no images. */
function describeSplit(name: string, counts: Counts, absent: readonly number[]): string[] {
  const present = indicesWhere(counts, (count) => count > 0)
  const total = sum(counts)
  if (present.length === 1) return counts.length === 1 ? [] : [`all ${total} ${name} images are of class ${present[0]}`]
  const missing = indicesWhere(counts, (count, label) => count === 0 && !absent.includes(label))
  const lines = missing.length === 0 ? [] : [`no ${name} image is of ${list(missing, counts.length)}`]
  const largest = present.reduce((one, other) => (counts[other] > counts[one] ? other : one))
  const smallest = present.reduce((one, other) => (counts[other] < counts[one] ? other : one))
  if (counts[largest] > IMBALANCE * counts[smallest]) {
    lines.push(
      `the ${name} images are imbalanced: ${counts[largest]} of class ${largest}, ${counts[smallest]} of class ${smallest}`,
    )
  }
  return lines
}

/** A rounding of one image up or down is no difference. */
function compare(training: Counts, name: string, counts: Counts): string[] {
  const [all, total] = [sum(training), sum(counts)]
  // A split of one class is said already.
  if (indicesWhere(counts, (count) => count > 0).length < 2) return []
  const differing = indicesWhere(training, (count, label) => {
    const expected = (count / all) * total
    const many = counts[label] - 1 > DIFFERENCE * expected
    const few = DIFFERENCE * (counts[label] + 1) < expected
    // Classes without images are said already.
    return count > 0 && counts[label] > 0 && (many || few)
  })
  if (differing.length === 0) return []
  const [label] = differing
  const shares = `${percent(training[label] / all)} of the training images, ${percent(counts[label] / total)} of the ${name} images`
  return [
    `${differing.length} of ${counts.length} classes differ more than twofold in share: class ${label} is ${shares}`,
  ]
}

function countByClass(labels: Int32Array, classes: number): Counts {
  const counts = new Array<number>(classes).fill(0)
  for (const label of labels) counts[label]++
  return counts
}

function indicesWhere(counts: Counts, condition: (count: number, label: number) => boolean): number[] {
  return [...counts.keys()].filter((label) => condition(counts[label], label))
}

function list(labels: readonly number[], classes: number): string {
  const names = labels.slice(0, LISTED).join(', ')
  if (labels.length === 1) return `class ${names} (of 0 to ${classes - 1})`
  const rest = labels.length > LISTED ? ' …' : ''
  return `${labels.length} of ${classes} classes: ${names}${rest}`
}

function sum(counts: Counts): number {
  return counts.reduce((total, count) => total + count, 0)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
