import Table from 'cli-table3'
import { createColors } from 'picocolors'
import type { Found, SearchResult } from '../../search/events.js'
import { decimal, duration, integer, percent, scientific, sparkline } from './format.js'
import { renderFound } from './found.js'

export interface ResultStyle {
  readonly color: boolean
  /** Width of the terminal; undefined for as wide as it needs. */
  readonly columns?: number
}

/** Longest line of an architecture; a genotype of DARTS has six. */
const LONGEST = 80

/** Width that the table takes with architectures on one line each. */
const WIDE = 132

/** The end of a search for people: the best sub-models, how far to trust their order, and where everything lies. */
export function renderResult(result: SearchResult, style: ResultStyle): string[] {
  const lines = [
    `${result.method} on ${result.space}, ${result.dataset}, ${result.epochs} epochs, ${duration(result.seconds)}`,
  ]
  if (result.top.length > 0) lines.push(...renderTop(result, style))
  if (result.found !== undefined) lines.push(...renderFound(result.found, style, unitOf(result)))
  const facts: [string, string][] = [
    ...(result.ranked > 0 ? agreement(result) : []),
    ...(result.found ? [found(result.found)] : []),
    ['Gradient variance', gradientVariance(result.gradientVariance)],
    ['Run folder', result.run],
  ]
  const colors = createColors(style.color)
  for (const [name, value] of facts) lines.push(`${colors.bold(name.padEnd(18))}${value}`)
  return lines
}

/** How well the supernet's order agrees with the truth. */
function agreement(result: SearchResult): [string, string][] {
  if (result.withGroundTruth === 0) return [['Ground truth', `none for these ${result.ranked} sub-models`]]
  const unit = unitOf(result)
  return [
    ['Kendall tau', `${decimal(result.kendallTau)} over ${result.withGroundTruth} sub-models`],
    ['Spearman', decimal(result.spearman)],
    ['Best found', `${unit(result.bestFound)} (regret ${unit(result.regret)})`],
  ]
}

function renderTop(result: SearchResult, style: ResultStyle): string[] {
  const colors = createColors(style.color)
  const unit = unitOf(result)
  const narrow = style.columns !== undefined && style.columns < WIDE
  const table = new Table({
    head: ['', 'path', 'architecture', 'supernet', 'truth'].map((title) => colors.bold(title)),
    colAligns: ['right', 'left', 'left', 'right', 'right'],
    // The library colours heads and borders on its own, also in files; the colours here are ours.
    style: { head: [], border: [], compact: !narrow },
  })
  result.top.forEach(({ path, arch, accuracy, groundTruth }, i) => {
    const shown = wrap(narrow ? arch.replaceAll('+', '\n+') : arch)
    table.push([i + 1, path.join(','), shown, percent(accuracy), unit(groundTruth)])
  })
  return table.toString().split('\n')
}

/** Breaks what is too long for a line after commas. */
function wrap(text: string): string {
  if (text.length <= LONGEST) return text
  const lines = ['']
  for (const part of text.split(/(?<=, )/)) {
    const last = lines[lines.length - 1]
    if (last !== '' && last.length + part.length > LONGEST) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines.map((line) => line.trimEnd()).join('\n')
}

function found({ algorithm, evaluations, objectives, best }: Found): [string, string] {
  const what = objectives.length === 1 ? 'best' : `${best.length} on the Pareto front`
  return ['Found', `${what} of ${integer(evaluations)} sub-models, by ${algorithm}, for ${objectives.join(', ')}`]
}

function gradientVariance(byEpoch: readonly number[]): string {
  const first = byEpoch[0]
  if (first === undefined) return '–'
  const last = byEpoch[byEpoch.length - 1]
  return `${sparkline(byEpoch)} ${scientific(first)} → ${scientific(last)} by epoch`
}

/** Tables give accuracy as a fraction or in percent; a fraction never exceeds one. */
function unitOf(result: SearchResult): (accuracy: number | null) => string {
  const subModels = [...result.top, ...(result.found?.best ?? [])]
  const known = [result.bestFound, ...subModels.map((subModel) => subModel.groundTruth)]
  const inPercent = known.some((accuracy) => accuracy !== null && accuracy > 1)
  return (accuracy) => percent(inPercent && accuracy !== null ? accuracy / 100 : accuracy)
}
