import { csvField } from '../base/csv.js'
import type { RankedSubModel } from '../evaluation/events.js'

/** CSV of a ranking, best first: rank, path, arch, accuracy (0…1), loss, ground truth (percent, or empty). */
export function rankingTable(sorted: readonly (RankedSubModel & { readonly loss: number })[]): string {
  const rows = sorted.map(({ path, arch, accuracy, loss, groundTruth }, i) =>
    [i + 1, csvField(path.join()), csvField(arch), accuracy, loss, groundTruth ?? ''].join(),
  )
  return `${['rank,path,arch,accuracy,loss,groundTruth', ...rows].join('\n')}\n`
}
