import type { RankedSubModel } from '../search/events.js'

/** CSV of a ranking, best first: rank, path, arch, accuracy (0…1), loss, ground truth (in its own unit, or empty). */
export function rankingTable(sorted: readonly (RankedSubModel & { readonly loss: number })[]): string {
  const rows = sorted.map(({ path, arch, accuracy, loss, groundTruth }, i) =>
    [i + 1, quote(path.join()), quote(arch), accuracy, loss, groundTruth ?? ''].join(),
  )
  return `${['rank,path,arch,accuracy,loss,groundTruth', ...rows].join('\n')}\n`
}

/** A field of a CSV file. */
export function quote(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
