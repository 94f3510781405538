import Table from 'cli-table3'
import { createColors } from 'picocolors'
import {
  counted,
  decimal,
  duration,
  integer,
  percent,
  percentTruth,
  points,
  scientific,
  sparkline,
} from '../../base/format.js'
import { CRITERION_WORDS, TAU_BY } from '../../evaluation/criteria.js'
import { kendallTauDeviationByChance } from '../../evaluation/rank-metrics.js'
import type { RetrainResult } from '../../retraining/events.js'
import type { Found, RankedSubModel, SearchResult } from '../../search/events.js'
import { firstThatFits } from './fit.js'
import { describeLimits, renderFound } from './found.js'
import { describeTruth, FEW_SUB_MODELS } from './ground-truth.js'

export interface ResultStyle {
  readonly color: boolean
  /** Width of the terminal; undefined if there is no limit. */
  readonly columns?: number
}

/** Longest line of an architecture, in characters; a genotype of DARTS takes six lines. */
const LONGEST = 80

/** Longest line of a path on the narrowest terminals. */
const SHORT = 10

/** Renders a result for people: best sub-models, rank correlation, gradient variance and run folder. */
export function renderResult(result: SearchResult | RetrainResult, style: ResultStyle): string[] {
  if ('top1' in result) return renderRetraining(result, style)
  const lines = [
    `${result.method} on ${result.space}, ${result.dataset}, ${counted(result.epochs, 'epoch')}, ${duration(result.seconds)}`,
  ]
  if (result.top.length > 0) lines.push(...renderTop(result, style))
  if (result.found !== undefined) lines.push(...renderFound(result.found, style))
  const facts: [string, string][] = [
    ...rankedBy(result),
    ...(result.ranked > 0 ? agreement(result) : []),
    ...(result.found ? [found(result.found)] : []),
    ...groundTruth(result),
    ['Gradient variance', gradientVariance(result.gradientVariance)],
    ['Run folder', result.run],
  ]
  const colors = createColors(style.color)
  for (const [name, value] of facts) lines.push(`${colors.bold(name.padEnd(18))}${value}`)
  return lines
}

/** Renders the result of a retraining: test accuracies of the last epoch and of the best one. */
function renderRetraining(result: RetrainResult, { color }: ResultStyle): string[] {
  const { bold } = createColors(color)
  const { best, top1Averaged, top5Averaged } = result
  const accuracies = ({ top1, top5 }: Pick<RetrainResult, 'top1' | 'top5'>) =>
    `${percent(top1)} top-1, ${percent(top5)} top-5`
  const facts: [string, string][] = [
    ['Test accuracy', accuracies(result)],
    ...(top1Averaged !== undefined && top5Averaged !== undefined
      ? [['Averaged', accuracies({ top1: top1Averaged, top5: top5Averaged })] as [string, string]]
      : []),
    ['Best epoch', `${best.epoch + 1}: ${accuracies(best)}${best.weights === 'averaged' ? ', averaged' : ''}`],
    ['Loss', `${decimal(result.loss)} in training, ${decimal(result.testLoss)} on test images`],
    ['Run folder', result.run],
  ]
  const subject = `one network of ${result.space}, ${result.dataset}, ${counted(result.epochs, 'epoch')}, ${duration(result.seconds)}`
  return [subject, ...facts.map(([name, value]) => `${bold(name.padEnd(18))}${value}`)]
}

/** Agreement of the supernet's ranking with the ground truth. */
function agreement(result: SearchResult): [string, string][] {
  if (result.withGroundTruth === 0) return []
  const { kendallTau, kendallTauByLoss, rankedBy: by = 'accuracy' } = result
  const count = result.withGroundTruth
  const over = ` over ${counted(count, 'sub-model')}`
  const byRanking = result[TAU_BY[by]]
  const byAccuracy = `${decimal(kendallTau)}${by === 'accuracy' ? '' : ' by accuracy'}`
  const first =
    by === 'accuracy' || byRanking === undefined
      ? byAccuracy + over
      : `${decimal(byRanking)} by ${CRITERION_WORDS[by]}${over}; ${byAccuracy}`
  const byLoss = by !== 'loss' && typeof kendallTauByLoss === 'number' ? `; ${decimal(kendallTauByLoss)} by loss` : ''
  const among = count < result.ranked ? `, of the ${integer(count)} with ground truth` : ''
  const byChance = `; 0 ± ${decimal(kendallTauDeviationByChance(count))} by chance`
  const few = kendallTau !== null && count > 1 && count < FEW_SUB_MODELS ? byChance : ''
  return [
    ['Kendall tau', first + byLoss + few],
    ['Spearman', decimal(result.spearman) + (by === 'accuracy' ? '' : ' by accuracy')],
    ...sizeAlone(result),
    ['Ranked first', `${percentTruth(result.bestFound)} (regret ${points(result.regret)})${among}`],
  ]
}

/**
 * How well sizes alone agree with the ground truth, which need no training, and the ranking together with size. Results of
 * earlier versions do not tell.
 */
function sizeAlone(result: SearchResult): [string, string][] {
  const { kendallTauByParameters: parameters, kendallTauByMultiplyAdds: adds } = result
  const { kendallTauWithParameters: withParameters, kendallTauWithMultiplyAdds: withAdds } = result
  if (parameters === undefined || adds === undefined || result.withGroundTruth < 2) return []
  if (parameters === null && adds === null) return [['Size alone', 'no tau: all have one size, or one truth']]
  const andAdds = withAdds === undefined ? '' : `, ${decimal(withAdds)} with multiply-adds`
  return [
    ['Size alone', `tau ${decimal(parameters)} by parameters, ${decimal(adds)} by multiply-adds`],
    ['With size', `tau ${decimal(withParameters)} with parameters${andAdds}: sums of ranks`],
  ]
}

/** What the sub-models are ranked by, unless it is the accuracy. */
function rankedBy({ rankedBy: by = 'accuracy' }: SearchResult): [string, string][] {
  const how = by === 'loss' ? '' : ': sum of ranks'
  return by === 'accuracy' ? [] : [['Ranked by', CRITERION_WORDS[by] + how]]
}

/** Narrower and narrower: architectures in one line, broken at nodes, not at all; then paths broken too. */
function renderTop({ top }: SearchResult, { color, columns }: ResultStyle): string[] {
  const { bold } = createColors(color)
  const tableOf = (compact: boolean, path: (one: RankedSubModel) => string, arch?: (one: RankedSubModel) => string) => {
    const titles = ['', 'path', ...(arch ? ['architecture'] : []), 'supernet', 'truth']
    const table = new Table({
      head: titles.map((title) => bold(title)),
      colAligns: titles.map((title) => (title === 'path' || title === 'architecture' ? 'left' : 'right')),
      // Empty, because the library's own colours would also be written to files.
      style: { head: [], border: [], compact },
    })
    top.forEach((one, i) => {
      const accuracies = [percent(one.accuracy), percentTruth(one.groundTruth)]
      table.push([i + 1, path(one), ...(arch ? [arch(one)] : []), ...accuracies])
    })
    return table.toString()
  }
  const path = (one: RankedSubModel) => one.path.join(',')
  return firstThatFits(columns, [
    () => tableOf(true, path, ({ arch }) => wrap(arch)),
    () => tableOf(false, path, ({ arch }) => wrap(arch.replaceAll('+', '\n+'))),
    () => tableOf(true, path),
    () => tableOf(true, (one) => wrap(path(one), SHORT)),
  ])
}

/** Breaks a text that is too long for a line after commas. */
function wrap(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text
  const lines = ['']
  for (const part of text.split(longest === SHORT ? /(?<=,)/ : /(?<=, )/)) {
    const last = lines[lines.length - 1]
    if (last !== '' && last.length + part.length > longest) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** The ground-truth table, and whether it has any of the ranked sub-models. */
function groundTruth({ groundTruth, ranked, withGroundTruth }: SearchResult): [string, string][] {
  const name = 'Ground truth'
  if (groundTruth === null) return ranked > 0 ? [[name, 'none: nothing tells how good the ranking is']] : []
  const missed = ranked > 0 && withGroundTruth === 0 ? ' · it has none of what was ranked' : ''
  return [[name, describeTruth(groundTruth) + missed]]
}

function found({
  algorithm,
  evaluations,
  images,
  limits = {},
  objectives,
  by = 'accuracy',
  best,
}: Found): [string, string] {
  const what = objectives.length === 1 ? 'best' : `${best.length} on the Pareto front`
  const on = images === undefined ? '' : ` on ${integer(images)} images`
  const goal = by === 'accuracy' ? objectives.join(', ') : `${CRITERION_WORDS[by]}: sum of ranks`
  return [
    'Found',
    `${what} of ${counted(evaluations, 'sub-model')}${describeLimits(limits, ' with ')}${on}, by ${algorithm}, for ${goal}`,
  ]
}

function gradientVariance(byEpoch: readonly number[]): string {
  const first = byEpoch[0]
  if (first === undefined) return '–'
  const last = byEpoch[byEpoch.length - 1]
  return `${sparkline(byEpoch)} ${scientific(first)} → ${scientific(last)} by epoch`
}
