import Table from 'cli-table3'
import { createColors } from 'picocolors'
import { decimal, integer, percent, percentTruth, rounded } from '../../base/format.js'
import { describeLimit, type Limits } from '../../finding/index.js'
import type { Found } from '../../search/events.js'
import { firstThatFits } from './fit.js'

/** Column heads of the costs that have a usual name. */
const TITLES: Readonly<Record<string, string>> = {
  multiplyAdds: 'multiply-adds',
  flops: 'FLOPs',
  latency: 'latency/ms',
}

/** Column heads of the costs on a narrow terminal. */
const SHORT: Readonly<Record<string, string>> = {
  parameters: 'params',
  multiplyAdds: 'MAdds',
  flops: 'FLOPs',
  latency: 'ms',
}

/** Limits after a word, such as ` within parameters ≤ 30,000`; nothing without limits. */
export function describeLimits(limits: Limits, word: string): string {
  const all = Object.entries(limits).map(([name, limit]) => describeLimit(name, limit))
  return all.length === 0 ? '' : `${word}${all.join(', ')}`
}

/** Longest line of a path in the narrowest table. */
const LINE = 10

/**
 * Renders the sub-models found and their costs as a table. On a terminal that is too narrow, costs are rounded, and then
 * left out from the last one on.
 */
export function renderFound(
  { best }: Found,
  { color, columns }: { readonly color: boolean; readonly columns?: number },
): string[] {
  const { bold } = createColors(color)
  const costs = Object.keys(best[0]?.costs ?? {})
  const tableOf = (shown: readonly string[], short: boolean, longest = Number.POSITIVE_INFINITY) => {
    const names = shown.map((name) => (short ? SHORT : TITLES)[name] ?? name)
    const titles = ['', 'found', 'supernet', 'truth', ...names]
    const table = new Table({
      head: titles.map((title) => bold(title)),
      colAligns: titles.map((_, i) => (i === 1 ? 'left' : 'right')),
      style: { head: [], border: [], compact: true },
    })
    best.forEach(({ path, accuracy, groundTruth, costs }, i) => {
      const values = shown.map((name) =>
        name === 'latency' ? decimal(costs[name]) : short ? rounded(costs[name]) : integer(costs[name]),
      )
      table.push([i + 1, broken(path, longest), percent(accuracy), percentTruth(groundTruth), ...values])
    })
    return table.toString()
  }
  const fewer = costs.map((_, i) => costs.slice(0, costs.length - i))
  return firstThatFits(columns, [
    () => tableOf(costs, false),
    ...fewer.map((shown) => () => tableOf(shown, true)),
    () => tableOf([], true),
    () => tableOf([], true, LINE),
  ])
}

/** A path in lines of at most `longest` characters. */
function broken(path: readonly number[], longest: number): string {
  const lines = ['']
  path.forEach((option, i) => {
    const part = i === path.length - 1 ? `${option}` : `${option},`
    if (lines[lines.length - 1].length + part.length > longest) lines.push(part)
    else lines[lines.length - 1] += part
  })
  return lines.join('\n')
}
