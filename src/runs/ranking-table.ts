import { csvField } from '../base/csv.js'
import type { RankingRow } from '../evaluation/ranking.js'

/** Columns of `ranking.csv`. */
const COLUMNS = ['rank', 'path', 'arch', 'accuracy', 'loss', 'groundTruth', 'parameters', 'multiplyAdds']

/** CSV of a ranking, best first. Accuracies are in 0…1, ground truth in percent, or empty. */
export function rankingTable(sorted: readonly RankingRow[]): string {
  const rows = sorted.map(({ path, arch, accuracy, loss, groundTruth, parameters, multiplyAdds }, i) => [
    ...[i + 1, csvField(path.join()), csvField(arch), accuracy, loss, groundTruth ?? ''],
    ...[parameters, multiplyAdds],
  ])
  return [COLUMNS, ...rows].map((row) => `${row.join()}\n`).join('')
}
