/** Reports: one HTML page about runs and experiments, and their figures as files. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { exists, makeFolder, readText, unwritable } from '../base/files.js'
import { decimal, scientific } from '../base/format.js'
import type { Statistic } from '../base/statistics.js'
import { inTheDark } from '../report/colors.js'
import { comparisonSection, named } from '../report/comparison-sections.js'
import { type Html, html } from '../report/html.js'
import { page } from '../report/page.js'
import { type Drawn, drawing, fileList, notes, section, table } from '../report/parts.js'
import { readRun } from '../report/run-record.js'
import { type Place, runLine, runSections } from '../report/run-sections.js'
import { writeTensorboard } from '../report/tensorboard.js'
import { writePicture } from '../report/write-picture.js'
import { AXES, nameValues, slug } from './axes.js'
import {
  type ConditionResult,
  describeIncomparable,
  describeRankedBy,
  type ExperimentResults,
  incomparable,
} from './results.js'

/** Number of runs up to which a report has the figures of every run. */
const MOST = 12

/** Files of an experiment that the page links to, and what is in them. */
const FILES = {
  'results.csv': 'a row per search',
  'summary.csv': 'a row per condition',
  'differences.csv': 'a row per pair of conditions',
  'results.json': 'all of it',
}

/** Where a report is written to. */
export interface ReportOptions {
  /** The HTML file. */
  readonly out: string
  /** Folder that receives each figure as SVG and PNG; default: figures are on the page only. */
  readonly figures?: string
  /** Folder that receives an event file of TensorBoard; of several runs, in a folder for each. Default: none. */
  readonly tensorboard?: string
}

/** A report that was written. */
export interface WrittenReport {
  /** The HTML file. */
  readonly file: string
  readonly bytes: number
  /** Files of figures; empty without a folder for them, and if there are no figures. */
  readonly figures: readonly string[]
  /** Event files of TensorBoard; empty without a folder for them. */
  readonly tensorboard: readonly string[]
}

/**
 * Writes a report about run folders and folders of experiments, finished or not: settings, machine, results, figures and
 * the best architectures. Several runs are compared. The page is one file that needs no network. It links to the files
 * of the runs by relative paths. What is missing or damaged is left out, and the page says so.
 *
 * @throws UserError for a folder that is neither a run nor an experiment, for an experiment if `tensorboard` is given, and
 *   for a place that cannot be written to.
 */
export async function writeReport(sources: readonly string[], options: ReportOptions): Promise<WrittenReport> {
  const { out, figures, tensorboard } = options
  if (sources.length === 0) throw expected('a run folder or the folder of an experiment', 'report', 'none', 2)
  if (tensorboard !== undefined) await checkRuns(sources)
  await checkPlace(options)
  const drawn: Drawn[] = []
  const text = await reportPage(sources, dirname(resolve(out)), drawn)
  if (figures !== undefined && drawn.length > 0) await makeFolder(figures)
  await writeAtomically(out, text)
  const files: string[] = []
  if (figures !== undefined) {
    for (const { name, svg } of drawn) {
      for (const ending of ['svg', 'png']) {
        const file = join(figures, `${name}.${ending}`)
        await writePicture(file, svg)
        files.push(file)
      }
    }
  }
  const logs = tensorboard === undefined ? [] : await writeLogs(sources, tensorboard)
  return { file: out, bytes: Buffer.byteLength(text), figures: files, tensorboard: logs }
}

/** Throws a UserError, before anything is drawn, if the page's folder is not there and is not made for figures. */
async function checkPlace({ out, figures }: ReportOptions): Promise<void> {
  const folder = dirname(resolve(out))
  const isMade = figures !== undefined && !relative(folder, resolve(figures)).startsWith('..')
  if (!isMade && !(await exists(folder))) unwritable(out, Object.assign(new Error(), { code: 'ENOENT' }))
}

/** Throws a UserError if a source is an experiment, which has no log. */
async function checkRuns(sources: readonly string[]): Promise<void> {
  for (const source of sources) {
    if (await isExperiment(source)) throw expected('run folders', '--tensorboard', `the experiment ${source}`, 2)
  }
}

/** Writes an event file of each run into a folder, or into a folder below it if there are several runs. */
async function writeLogs(runs: readonly string[], folder: string): Promise<string[]> {
  const files: string[] = []
  for (const [i, run] of runs.entries()) {
    const name = `${i + 1}-${slug(basename(resolve(run)))}`
    files.push(await writeTensorboard(run, runs.length === 1 ? folder : join(folder, name)))
  }
  return files
}

/** The page. Links are relative to the folder `from`. Drawings are added to `drawn`. */
async function reportPage(sources: readonly string[], from: string, drawn: Drawn[]): Promise<string> {
  const experiments: string[] = []
  const folders: string[] = []
  for (const source of sources) (await isExperiment(source)) ? experiments.push(source) : folders.push(source)
  const runs = named(await Promise.all(folders.map(readRun)))
  const sections: (Html | undefined)[] = []
  for (const [i, folder] of experiments.entries()) {
    const prefix =
      experiments.length === 1 && runs.length === 0 ? '' : `experiment-${i + 1}-${slug(basename(resolve(folder)))}-`
    sections.push(await experimentSection(folder, { from, prefix, drawn }))
  }
  sections.push(await comparisonSection(runs, drawn))
  const brief = runs.length > MOST
  if (brief) sections.push(notes([`Figures of single runs are left out of a page about more than ${MOST} runs.`]))
  const single = runs.length === 1 && experiments.length === 0
  for (const [i, run] of runs.entries()) {
    const prefix = single ? '' : `${i + 1}-${slug(run.name)}-`
    const parts = await runSections(run, { level: single ? 2 : 3, from, prefix, drawn, brief })
    if (single) sections.push(...parts)
    else sections.push(section(2, run.name, [html`<p class="lead">${runLine(run.record)}</p>`, ...parts]))
  }
  const kept = sections.filter((part) => part !== undefined)
  if (single) return page(runs[0].name, runLine(runs[0].record), kept)
  const names = [...experiments.map((folder) => basename(resolve(folder))), ...runs.map(({ name }) => name)]
  if (names.length === 1) return page(names[0], 'An experiment', kept)
  return page(`${names.length} compared`, names.join(' · '), kept)
}

/** True for the folder of an experiment. Throws a UserError for a file, and for what is not there. */
async function isExperiment(source: string): Promise<boolean> {
  const stats = await stat(source).catch(() => undefined)
  const wanted = 'a run folder or the folder of an experiment'
  if (stats === undefined) throw expected(wanted, 'report', `${source}, which does not exist`, 2)
  if (!stats.isDirectory()) throw expected(wanted, 'report', `the file ${source}`, 2)
  if (await exists(join(source, 'config.yaml'))) return false
  if (await exists(join(source, 'results.json'))) return true
  if (await exists(join(source, 'cells'))) {
    throw expected('results.json', source, 'none; `npx pada-native experiment FILE --report` writes it', 2)
  }
  return false
}

/** Tables and figures of an experiment, from its folder. Whole figures are added to `drawn`. */
async function experimentSection(
  folder: string,
  { from, prefix, drawn }: Pick<Place, 'from' | 'prefix' | 'drawn'>,
): Promise<Html | undefined> {
  const { name, conditions, cells } = parseResults(folder, await readText(join(folder, 'results.json')))
  const ranked = describeRankedBy(cells.map(({ rankedBy = 'accuracy' }) => rankedBy))
  const unlike = incomparable(cells)
  const said = [...(ranked ? [ranked] : []), ...(unlike ? describeIncomparable(unlike) : [])].map((one) => `${one}.`)
  const studies = [...new Set(conditions.map(({ study }) => study))]
  const parts: Html[] = []
  for (const study of studies) {
    const ofStudy = conditions.filter((condition) => condition.study === study)
    parts.push(html`<h3>${study}</h3>
`)
    const file = join(folder, `${basename(study)}.svg`)
    const svg = await readText(file)
    if (ofStudy.every(({ n }) => n === 0)) said.push(`No search of the study ${study} is complete.`)
    else if (svg === '') said.push(`The figure of the study ${study} is missing.`)
    else if (!/^\s*<(svg|\?xml)\b.*<\/svg>\s*$/s.test(svg)) said.push(`The figure of the study ${study} is damaged.`)
    else {
      drawn.push({ name: `${prefix}${basename(study)}`, svg })
      parts.push(
        studyPicture(
          svg,
          study,
          ofStudy.some(({ n }) => n > 1),
        ),
      )
    }
    parts.push(studyTable(study, ofStudy))
  }
  const lead = html`<p class="lead">${cells.length} complete searches · ${folder}</p>
`
  return section(2, `Experiment ${name}`, [
    lead,
    notes(said),
    ...parts,
    html`<h3>Files</h3>
`,
    await fileList(FILES, folder, from),
  ])
}

function parseResults(folder: string, text: string): ExperimentResults {
  try {
    const results = JSON.parse(text) as ExperimentResults
    if (Array.isArray(results.conditions) && Array.isArray(results.cells)) return results
  } catch {
    // It is refused below.
  }
  throw new UserError(
    `Expected the results of an experiment in ${join(folder, 'results.json')} but received other text`,
  )
}

/**
 * The picture that the experiment wrote, and the same in the colours of a dark page. As an image it can neither run
 * scripts nor load anything.
 */
function studyPicture(svg: string, study: string, hasDeviation: boolean): Html {
  const source = (text: string) => `data:image/svg+xml;base64,${Buffer.from(text).toString('base64')}`
  return drawing(
    html`<picture><source media="screen and (prefers-color-scheme: dark)" srcset="${source(inTheDark(svg))}">\
<img src="${source(svg)}" alt="Figure of the study ${study}; summary.csv has its numbers"></picture>`.text,
    hasDeviation ? 'Mean ± one standard deviation over the seeds' : 'One seed',
  )
}

function studyTable(study: string, conditions: readonly ConditionResult[]): Html {
  const axes = AXES.filter((axis) => new Set(conditions.map(({ labels }) => labels[axis])).size > 1)
  const shown = axes.length === 0 ? (['method'] as const) : axes
  const number = true
  // Results of earlier versions lack some measures.
  const value = (measured: Statistic | undefined, show: (value: number) => string) => {
    const { mean = null, deviation = null } = measured ?? {}
    if (mean === null) return undefined
    return deviation === null ? show(mean) : `${show(mean)} ± ${show(deviation)}`
  }
  return table(
    study,
    [
      {
        title: 'condition',
        valueOf: ({ labels }: ConditionResult) => nameValues(shown, labels) || '–',
      },
      { title: 'seeds', number, valueOf: ({ n }) => n },
      { title: 'variance, last', number, valueOf: ({ summary }) => value(summary.gradientVarianceLast, scientific) },
      { title: "Kendall's τ", number, valueOf: ({ summary }) => value(summary.kendallTau, decimal) },
      { title: 'τ by loss', number, valueOf: ({ summary }) => value(summary.kendallTauByLoss, decimal) },
      {
        title: 'τ of size alone',
        number,
        valueOf: ({ summary }) => value(summary.kendallTauByParameters, decimal),
      },
      {
        title: 'τ with multiply-adds',
        number,
        valueOf: ({ summary }) => value(summary.kendallTauWithMultiplyAdds, decimal),
      },
      { title: "Spearman's ρ", number, valueOf: ({ summary }) => value(summary.spearman, decimal) },
      {
        title: 'ranked first, %',
        number,
        valueOf: ({ summary }) => value(summary.bestFound, (one) => decimal(one, 2)),
      },
    ],
    conditions,
  )
}
