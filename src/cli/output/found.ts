import Table from 'cli-table3'
import { createColors } from 'picocolors'
import { decimal, integer, percent, percentTruth } from '../../base/format.js'
import type { Found } from '../../search/events.js'

/** Column heads of the costs that have a usual name. */
const TITLES: Readonly<Record<string, string>> = {
  multiplyAdds: 'multiply-adds',
  flops: 'FLOPs',
  latency: 'latency/ms',
}

/** Renders the sub-models found and their costs as a table. */
export function renderFound({ best }: Found, style: { readonly color: boolean }): string[] {
  const colors = createColors(style.color)
  const costs = Object.keys(best[0]?.costs ?? {})
  const titles = ['', 'found', 'supernet', 'truth', ...costs.map((name) => TITLES[name] ?? name)]
  const table = new Table({
    head: titles.map((title) => colors.bold(title)),
    colAligns: titles.map((_, i) => (i === 1 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  best.forEach((subModel, i) => {
    const values = costs.map((name) =>
      name === 'latency' ? decimal(subModel.costs[name]) : integer(subModel.costs[name]),
    )
    table.push([
      i + 1,
      subModel.path.join(','),
      percent(subModel.accuracy),
      percentTruth(subModel.groundTruth),
      ...values,
    ])
  })
  return table.toString().split('\n')
}
