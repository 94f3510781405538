import { csvField } from '../base/csv.js'
import type { TriedSubModel } from '../finding/find.js'

/**
 * CSV of all sub-models that a search evaluated, best first. Columns: front (from 1), path, arch, accuracy (0…1), a
 * column per cost (latency in milliseconds per batch), ground truth (percent, or empty), and how the path was made.
 */
export function foundTable(all: readonly TriedSubModel[]): string {
  const costs = Object.keys(all[0]?.costs ?? {})
  const header = ['front', 'path', 'arch', 'accuracy', ...costs, 'groundTruth', 'origin'].join()
  const rows = all.map((one) => {
    const { front, path, arch, accuracy, groundTruth, origin } = one
    const values = costs.map((name) => one.costs[name])
    return [front, csvField(path.join()), csvField(arch), accuracy, ...values, groundTruth ?? '', origin].join()
  })
  return `${[header, ...rows].join('\n')}\n`
}
