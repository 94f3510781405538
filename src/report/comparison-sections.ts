/** The sections of a report that compare several runs. */
import { basename, resolve } from 'node:path'
import { counted, decimal, duration, integer, percent, percentTruth, scientific } from '../base/format.js'
import { CRITERION_WORDS } from '../evaluation/criteria.js'
import { METHOD_LABELS } from '../methods/index.js'
import type { SearchResult } from '../search/events.js'
import { comparisonFigure } from './figures/comparison.js'
import { gradientVarianceFigure } from './figures/gradient-variance.js'
import { retrainingFigure } from './figures/retraining.js'
import { trainingFigure } from './figures/training.js'
import type { Html } from './html.js'
import { type Column, type Drawn, figures, notes, section, table } from './parts.js'
import type { Figure } from './plot.js'
import { lastEpoch, type Named, type RetrainRecord, type RunRecord, type SearchRecord } from './run-record.js'

/** Names of runs: the last parts of their folders, or the whole paths if two are alike. */
export function named(records: readonly RunRecord[]): Named[] {
  const short = records.map(({ folder }) => basename(resolve(folder)))
  const names = new Set(short).size === short.length ? short : records.map(({ folder }) => folder)
  return records.map((record, i) => ({ name: names[i], record }))
}

/** A table and figures of runs side by side; undefined if there is one. Drawings are added to `drawn`. */
export async function comparisonSection(runs: readonly Named[], drawn: Drawn[]): Promise<Html | undefined> {
  if (runs.length < 2) return undefined
  const searches = runs.filter((run): run is Named<SearchRecord> => run.record.kind === 'search')
  const retrainings = runs.filter((run): run is Named<RetrainRecord> => run.record.kind === 'retraining')
  const list = searches.length < 2 ? [] : searchFigures(searches)
  const alone = retrainings.length < 2 ? [] : [retrainingFigure(retrainings)]
  return section(2, 'The runs compared', [
    ...(searches.length > 0 ? [searchTable(searches), incomparable(searches)] : []),
    ...(retrainings.length > 0 ? [retrainingTable(retrainings), otherImages(retrainings)] : []),
    ...(await figures([...list, ...alone], drawn, 'compared-')),
  ])
}

/** What searches need in common to be compared. Equal names may stand for others: `identity` tells. */
interface Basis extends Column<Named<SearchRecord>> {
  readonly identity?: (result: SearchResult) => unknown
}

const SPACE: Basis = {
  title: 'space',
  valueOf: ({ record: { start, config } }) => start?.space ?? config.space.name,
}
const IMAGES: Basis = {
  title: 'images',
  identity: ({ computedFrom }) => computedFrom?.images,
  valueOf: ({ record: { start, result } }) => start?.dataset ?? result?.dataset,
}
const TRUTH: Basis = {
  title: 'ground truth',
  identity: ({ groundTruth }) => groundTruth?.digest,
  valueOf: ({ record: { result } }) =>
    result?.groundTruth ? `${basename(result.groundTruth.file)}, ${result.groundTruth.column}` : undefined,
}
const SUB_MODELS: Basis = {
  title: 'sub-models',
  number: true,
  valueOf: ({ record: { result } }) =>
    result && result.ranked > 0 ? integer(result.withGroundTruth || result.ranked) : undefined,
}
const BASES = [SPACE, IMAGES, TRUTH, SUB_MODELS]

/** Number of images of the rankings: with fewer, chance has more to say. */
const RANKED_IMAGES: Column<Named<SearchRecord>> = {
  title: 'ranked on',
  number: true,
  valueOf: ({ record: { result } }) => result?.rankedImages && counted(result.rankedImages, 'image'),
}

/** Whether some values differ. Those that are undefined differ from none. */
function vary(values: readonly unknown[]): boolean {
  return new Set(values.filter((value) => value !== undefined).map((value) => JSON.stringify(value))).size > 1
}

/** Whether runs differ in a column. */
function differs<Run>(column: Column<Run>, runs: readonly Run[]): boolean {
  return vary(runs.map((run) => column.valueOf(run)))
}

/** Whether runs differ in a basis, by its name or by what the name stands for. */
function isOther(basis: Basis, runs: readonly Named<SearchRecord>[]): boolean {
  const identities = runs.map(({ record: { result } }) => result && basis.identity?.(result))
  return differs(basis, runs) || vary(identities)
}

/** Which measures of the runs cannot be compared: `all` of them, `taus` only, or none. */
function incomparableOf(runs: readonly Named<SearchRecord>[]): 'all' | 'taus' | undefined {
  const some = (...bases: Basis[]) => bases.some((basis) => isOther(basis, runs))
  if (some(SPACE, IMAGES)) return 'all'
  return some(TRUTH, SUB_MODELS) ? 'taus' : undefined
}

/** Says which numbers of the table cannot be compared, if there are any. */
function incomparable(runs: readonly Named<SearchRecord>[]): Html | undefined {
  switch (incomparableOf(runs)) {
    case 'all':
      return notes(['These runs have other spaces or images: their variances and τ cannot be compared.'])
    case 'taus':
      return notes([
        'These rankings are of other sub-models or compared with other tables: their τ cannot be compared.',
      ])
  }
}

/** Figures of several searches, without measures that cannot be compared. */
function searchFigures(runs: readonly Named<SearchRecord>[]): (Figure | undefined)[] {
  const unlike = incomparableOf(runs)
  if (unlike === 'all') return [trainingFigure(runs)]
  return [resultsFigure(runs, unlike === undefined), trainingFigure(runs), gradientVarianceFigure(runs)]
}

function searchTable(runs: readonly Named<SearchRecord>[]): Html {
  const number = true
  const sortedAlike = runs.every(({ record }) => (record.result?.rankedBy ?? 'accuracy') === 'accuracy')
  return table(
    'Searches',
    [
      { title: 'run', valueOf: ({ name }) => name },
      { title: 'method', valueOf: ({ record }) => methodOf(record) },
      ...[...BASES, RANKED_IMAGES].filter((column) => differs(column, runs)),
      { title: 'seed', number, valueOf: ({ record }) => record.config.seed },
      { title: 'epochs', number, valueOf: ({ record }) => record.finished },
      {
        title: 'variance, last',
        number,
        valueOf: ({ record }) => shown(lastEpoch(record)?.gradientVariance, scientific),
      },
      {
        title: sortedAlike ? "Kendall's τ" : 'τ by accuracy',
        number,
        valueOf: ({ record }) => shown(record.result?.kendallTau, decimal),
      },
      { title: 'τ by loss', number, valueOf: ({ record }) => shown(record.result?.kendallTauByLoss, decimal) },
      { title: 'τ of size', number, valueOf: ({ record }) => shown(record.result?.kendallTauByParameters, decimal) },
      { title: 'ranked by', valueOf: ({ record }) => (sortedAlike ? undefined : rankedBy(record)) },
      { title: 'ranked first', number, valueOf: ({ record }) => shown(record.result?.bestFound, percentTruth) },
      { title: 'time', number, valueOf: ({ record }) => shown(record.result?.seconds, duration) },
    ],
    runs,
  )
}

function rankedBy({ result }: SearchRecord): string | undefined {
  return result && result.ranked > 0 ? CRITERION_WORDS[result.rankedBy ?? 'accuracy'] : undefined
}

/** The images that a retraining learns from and is tested on. */
const LEARNT: Column<Named<RetrainRecord>> = {
  title: 'images',
  valueOf: ({ record: { start, result } }) =>
    start === undefined
      ? result?.dataset
      : [
          `${start.dataset}, ${integer(start.classes)} classes`,
          ...(start.evaluatedImages === undefined ? [] : [`tested on ${integer(start.evaluatedImages)}`]),
        ].join(', '),
}

/** Says that accuracies cannot be compared, if retrainings have other images. */
function otherImages(runs: readonly Named<RetrainRecord>[]): Html | undefined {
  if (!differs(LEARNT, runs)) return undefined
  return notes(['These networks were tested on other images: their accuracies cannot be compared.'])
}

/** The best accuracy on test images, and whether it is of averaged weights. */
export function bestTop1({ top1, weights }: NonNullable<RetrainRecord['result']>['best']): string {
  return `${percent(top1)}${weights === 'averaged' ? ', averaged' : ''}`
}

function retrainingTable(runs: readonly Named<RetrainRecord>[]): Html {
  const number = true
  return table(
    'Retrainings',
    [
      { title: 'run', valueOf: ({ name }) => name },
      ...(differs(LEARNT, runs) ? [LEARNT] : []),
      { title: 'epochs', number, valueOf: ({ record }) => record.finished },
      { title: 'top-1, last', number, valueOf: ({ record }) => shown(lastEpoch(record)?.top1, percent) },
      { title: 'averaged', number, valueOf: ({ record }) => shown(lastEpoch(record)?.top1Averaged, percent) },
      { title: 'best top-1', number, valueOf: ({ record: { result } }) => result?.best && bestTop1(result.best) },
      { title: 'time', number, valueOf: ({ record }) => shown(record.result?.seconds, duration) },
    ],
    runs,
  )
}

/** Gradient variance beside rank correlation if `withTau`, a row per search. */
function resultsFigure(runs: readonly Named<SearchRecord>[], withTau: boolean): Figure | undefined {
  const pointsOf = (read: (record: SearchRecord) => number | null | undefined, show: (value: number) => string) =>
    runs.flatMap(({ name, record }) => {
      const mean = read(record)
      if (mean === null || mean === undefined) return []
      return [{ place: name, series: '', mean, low: mean, high: mean, text: show(mean) }]
    })
  const variances = pointsOf((record) => lastEpoch(record)?.gradientVariance, scientific)
  const taus = withTau ? pointsOf((record) => record.result?.kendallTau, decimal) : []
  const panels = [
    { title: 'gradient variance in the last epoch', points: variances, format: '.1e' },
    { title: "Kendall's τ", points: taus, format: '.2f' },
  ].filter(({ points }) => points.length > 0)
  if (panels.length === 0) return undefined
  return comparisonFigure({
    name: 'results',
    title: withTau ? 'Gradient variance and rank correlation' : 'Gradient variance',
    subtitle: ['One run each'],
    panels,
    places: runs.map(({ name }) => name),
    placeTitle: null,
    series: [''],
    layout: 'rows',
  })
}

function methodOf({ start, config }: SearchRecord): string {
  const name = start?.method ?? config.method.name
  return METHOD_LABELS[name] ?? name
}

function shown(value: number | null | undefined, show: (value: number) => string): string | undefined {
  return value === null || value === undefined ? undefined : show(value)
}
