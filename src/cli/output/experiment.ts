import Table from 'cli-table3'
import { environment } from '../../base/environment.js'
import { decimal, duration, scientific } from '../../base/format.js'
import type { Statistic } from '../../base/statistics.js'
import { AXES, type Axis, nameValue, nameValues } from '../../experiment/axes.js'
import type { Difference } from '../../experiment/differences.js'
import type { CellEvent, CellSearchEvent, ExperimentEvent, ExperimentReport } from '../../experiment/events.js'
import { tauOfSizeAlone } from '../../experiment/measures.js'
import { type ConditionResult, describeIncomparable, describeRankedBy } from '../../experiment/results.js'
import type { SearchEvent, StartEvent } from '../../search/events.js'
import { toAscii } from './ascii.js'
import { describeDiscarded } from './discarded.js'
import { firstThatFits } from './fit.js'
import { FEW_SUB_MODELS } from './ground-truth.js'
import { isProgress } from './json.js'
import { describe, ProgressMeter } from './progress.js'

/** Measures of the report, in the order in which a narrow table keeps them. */
const BY_IMPORTANCE = ['KT', 'GV, mean', 'GV, last epoch', 'P@top 5%']

/** Seconds between two lines of progress. */
const INTERVAL = 10

/**
 * Reports an experiment in plain lines. With `json`, standard output has only event lines, and the lines for people go
 * to standard error.
 */
export class ExperimentReporter {
  readonly #json: boolean
  readonly #stream: NodeJS.WriteStream
  /** The searches that have begun, by their names: several at a time with `--jobs`. */
  readonly #begun = new Map<string, { readonly title: string; readonly meter: ProgressMeter; lastProgress: number }>()
  readonly #warned = new Set<string>()

  constructor({ json }: { json: boolean }) {
    this.#json = json
    this.#stream = json ? process.stderr : process.stdout
  }

  say(line: string): void {
    this.#stream.write(`${environment().ascii ? toAscii(line) : line}\n`)
  }

  event(event: ExperimentEvent): void {
    if (this.#json && !(event.event === 'search' && isProgress(event.search))) {
      process.stdout.write(`${JSON.stringify(event)}\n`)
    }
    switch (event.event) {
      case 'experiment':
        this.say(`experiment ${event.name}: ${event.complete} of ${event.cells} searches complete, in ${event.out}`)
        break
      case 'cell': {
        const title = titleOf(event)
        this.#begun.set(event.cell, { title, meter: new ProgressMeter(), lastProgress: performance.now() })
        this.say(event.resumed ? `${title} · continues` : title)
        if (event.changed) this.say(`${title} · its results are replaced, because of ${event.changed.join('; ')}`)
        break
      }
      case 'search':
        this.#search(event)
        break
      case 'cellDone':
        this.say(`${titleOf(event)} · ${describeResult(event.result)}`)
        break
      case 'cellFailed':
        this.say(`${this.#begun.get(event.cell)?.title ?? event.cell} · failed: ${event.message}`)
        break
      case 'waiting':
        this.say(`waiting for other processes to complete ${event.cells.join(', ')}`)
        break
      case 'report':
        for (const line of renderReport(event, this.#stream.columns)) this.say(line)
    }
  }

  /** Says each warning once, because the searches of an experiment often share their data and settings. */
  #warn({ warnings }: StartEvent): void {
    for (const warning of warnings) {
      const line = `note: ${warning}`
      if (!this.#warned.has(line)) this.say(line)
      this.#warned.add(line)
    }
  }

  #search({ cell, search: event }: CellSearchEvent): void {
    const begun = this.#begun.get(cell)
    if (begun === undefined) return
    if (event.event === 'start') {
      begun.meter.start(event)
      this.#warn(event)
    }
    if (event.event === 'discarded') this.say(`${begun.title} · ${describeDiscarded(event)}`)
    if (!isProgress(event) && event.event !== 'epoch') return
    const progress = begun.meter.update(event)
    const now = performance.now()
    if (now - begun.lastProgress < INTERVAL * 1000) return
    begun.lastProgress = now
    this.say(`${begun.title} · ${describe(progress)}`)
  }
}

function titleOf({ number, cells, cell }: Pick<CellEvent, 'number' | 'cells' | 'cell'>): string {
  return `search ${number} of ${cells} · ${cell}`
}

function describeResult({ gradientVariance, kendallTau, seconds }: Extract<SearchEvent, { event: 'result' }>): string {
  const words = [
    `GV, last epoch ${scientific(gradientVariance.at(-1))}`,
    kendallTau === null ? '' : `KT ${decimal(kendallTau)}`,
  ]
  return [...words, duration(seconds)].filter(Boolean).join(' · ')
}

/**
 * Renders a line per condition with mean ± deviation, paired differences, and the paths of the files. On a terminal that
 * is too narrow, the table lacks measures.
 */
export function renderReport(report: ExperimentReport, columns?: number): string[] {
  const {
    cells,
    complete,
    conditions,
    differences,
    files,
    fewestCompared: fewest,
    rankedBy,
    outdated,
    incomparable,
  } = report
  const measures: [string, (condition: ConditionResult) => string][] = [
    ['GV, mean', ({ summary }) => plusMinus(summary.gradientVariance, scientific)],
    ['GV, last epoch', ({ summary }) => plusMinus(summary.gradientVarianceLast, scientific)],
    ['KT', ({ summary }) => plusMinus(summary.kendallTau, decimal)],
    ['P@top 5%', ({ summary }) => plusMinus(summary.precisionAtTop5, decimal)],
  ]
  const tableOf = (kept: readonly string[]) => () => {
    const shown = measures.filter(([title]) => kept.includes(title))
    const head = ['study', 'condition', 'seeds', ...shown.map(([title]) => title)]
    const colAligns = head.map((_, column) => (column < 2 ? 'left' : 'right')) as ('left' | 'right')[]
    const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
    for (const condition of conditions) {
      const values = shown.map(([, value]) => value(condition))
      table.push([condition.study, conditionName(condition, conditions), condition.n, ...values])
    }
    return table.toString()
  }
  const lines = firstThatFits(
    columns,
    [4, 3, 2, 1].map((count) => tableOf(BY_IMPORTANCE.slice(0, count))),
  )
  const written = files.map((file) => `  ${file}`)
  const compared = differences.flatMap((difference) => describeDifference(difference, conditions))
  const few =
    fewest !== undefined && fewest < FEW_SUB_MODELS
      ? [`note: a ranking has only ${fewest} of its sub-models in the ground truth, so KT and P@top say little`]
      : []
  const tau = tauOfSizeAlone(conditions)
  const size =
    tau === undefined ? [] : [`The number of parameters alone has a KT of ${decimal(tau)}, without any training`]
  const by = describeRankedBy(rankedBy)
  const old = outdated === undefined ? [] : describeOutdated(outdated)
  return [
    ...lines,
    ...compared,
    ...size,
    ...(by === undefined ? [] : [by]),
    ...few,
    ...(incomparable ? describeIncomparable(incomparable).map((sentence) => `note: ${sentence}`) : []),
    ...old,
    `${complete} of ${cells} searches complete; ${files.length > 0 ? 'written:' : 'earlier tables and figures stay'}`,
    ...written,
  ]
}

/** Searches whose settings or files are others by now. */
function describeOutdated(outdated: NonNullable<ExperimentReport['outdated']>): string[] {
  const { settings, ranking, training, unknown } = outdated
  const notes: [readonly string[], string][] = [
    [settings, 'results are of other settings of ranking, and left out; without --report, they are ranked again'],
    [ranking, 'test images or ground truth have changed since; without --report, they are ranked again'],
    [training, 'training images have changed since; only another --out begins them again'],
    [unknown, 'images or ground truth cannot be read, so nobody knows whether they have changed'],
  ]
  return notes.flatMap(([names, what]) => (names.length > 0 ? [`note: of ${names.join(', ')}, ${what}`] : []))
}

/** The difference in rank correlation from the first of the values that an axis has in the study; none without error. */
function describeDifference(difference: Difference, conditions: readonly ConditionResult[]): string[] {
  const { study, axis, from, to, n, measures } = difference
  const first = conditions.find((condition) => condition.study === study)
  const { mean, error } = measures.kendallTau
  if (mean === null || error === null || from[axis] !== first?.labels[axis]) return []
  const others = AXES.filter((one) => one !== axis && from[one] === to[one] && varies(study, one, conditions))
  const where = [study, nameValues(others, from)].filter((part) => part !== '').join(', ')
  const change = `${mean < 0 ? '−' : '+'}${decimal(Math.abs(mean))} ± ${decimal(error)}`
  return [`${where}: KT of ${nameValue(axis, to[axis])} ${change} against ${nameValue(axis, from[axis])} (${n} seeds)`]
}

function varies(study: string, axis: Axis, conditions: readonly ConditionResult[]): boolean {
  return new Set(conditions.filter((one) => one.study === study).map(({ labels }) => labels[axis])).size > 1
}

/** Name of a condition: the values that vary within its study, or the method if none does. */
function conditionName({ study, labels }: ConditionResult, conditions: readonly ConditionResult[]): string {
  const others = conditions.filter((condition) => condition.study === study)
  const varied = AXES.filter((axis) => others.some((other) => other.labels[axis] !== labels[axis]))
  return varied.length === 0 ? labels.method : nameValues(varied, labels)
}

function plusMinus({ mean, deviation }: Statistic, format: (value: number | null) => string): string {
  if (mean === null) return '–'
  return deviation === null ? format(mean) : `${format(mean)} ± ${format(deviation)}`
}
