/** The sections of a report about one run. */
import { stringify } from 'yaml'
import { decimal, duration, integer, percent, percentTruth, points, scientific } from '../base/format.js'
import { CRITERION_WORDS } from '../evaluation/criteria.js'
import type { RankedSubModel } from '../evaluation/events.js'
import { METHOD_LABELS } from '../methods/index.js'
import type { Machine } from '../native/index.js'
import { readImageImportance } from '../runs/image-importance.js'
import { createNetwork, SPACE_LABELS } from '../spaces/index.js'
import { bestTop1 } from './comparison-sections.js'
import { drawArchitecture } from './drawings/architecture.js'
import { gradientVarianceFigure, varianceByOperationFigure } from './figures/gradient-variance.js'
import { extremes, imageImportanceFigure, type Thumbnail } from './figures/image-importance.js'
import { paretoFigure } from './figures/pareto.js'
import { pathDistributionFigure } from './figures/path-distribution.js'
import { retrainingFigure } from './figures/retraining.js'
import { supernetAccuracyFigure } from './figures/supernet-accuracy.js'
import { trainingFigure } from './figures/training.js'
import { type Html, html } from './html.js'
import { type Drawn, drawing, facts, figures, fileList, notes, numbers, section, table } from './parts.js'
import type { Figure } from './plot.js'
import { lastEpoch, type Named, type RetrainRecord, type RunRecord, type SearchRecord } from './run-record.js'
import { thumbnailsOf } from './thumbnails.js'

/** Architectures that are drawn, and those that a table lists. */
const DRAWN = 3
const LISTED = 10

/** Files that the page links to, and what is in them. */
const FILES: Readonly<Record<string, string>> = {
  'config.yaml': 'settings',
  'events.jsonl': 'start, epochs and result, one JSON object a line',
  'summary.json': 'result',
  'ranking.csv': 'all ranked sub-models',
  'found.csv': 'all sub-models that finding tried',
  'import.json': 'imported weights',
  'best.safetensors': 'weights of the best epoch',
  checkpoint: 'weights and state of training',
  tensorboard: 'event file of TensorBoard',
}

/** Where a run stands on a page. */
export interface Place {
  /** Level of the headings. */
  readonly level: 2 | 3
  /** Folder of the page, to which links are relative. */
  readonly from: string
  /** Begins the names of the figures' files. */
  readonly prefix: string
  /** Receives the drawings. */
  readonly drawn: Drawn[]
  /** True to leave figures and drawings out, which keeps pages about many runs small. */
  readonly brief: boolean
}

/** A run in one line: its method, space, images and state. */
export function runLine(record: RunRecord): string {
  const { start, result } = record
  const dataset = start?.dataset ?? result?.dataset ?? record.config.data.format
  if (record.kind === 'retraining') {
    const { space } = record.config.network
    return `${SPACE_LABELS[space] ?? space} · one network alone · ${dataset} · seed ${record.config.seed}`
  }
  const method = record.start?.method ?? record.config.method.name
  const space = record.start?.space ?? record.config.space.name
  const names = [METHOD_LABELS[method] ?? method, SPACE_LABELS[space] ?? space]
  return `${names.join(' · ')} · ${dataset} · seed ${record.config.seed}`
}

/** Everything about one run. */
export async function runSections({ name, record }: Named, place: Place): Promise<(Html | undefined)[]> {
  const { level, drawn, prefix, brief } = place
  const said = [...record.notes, ...(record.start?.warnings ?? []).map((warning) => `Note: ${warning}.`)]
  const list = brief ? [] : await figuresOf({ name, record }, said)
  const parts = [
    section(level, 'What was found', [
      numbers(record.kind === 'retraining' ? retrainingNumbers(record) : searchNumbers(record)),
      ...(await architectures(record, place, said)),
    ]),
    section(level, 'Figures', await figures(list, drawn, prefix)),
    section(level, 'Settings', [
      html`<details><summary>All settings</summary><pre>${stringify(record.config)}</pre></details>
`,
    ]),
    section(level, 'Machine', [machineFacts(record.start?.machine)]),
    section(level, 'Files of the run', [await fileList(FILES, record.folder, place.from)]),
  ]
  return [notes(said), ...parts]
}

/** The figures and drawings of a run, as a page about this run alone has them. */
export async function picturesOf(run: Named): Promise<Drawn[]> {
  const drawn: Drawn[] = []
  await runSections(run, { level: 2, from: run.record.folder, prefix: '', drawn, brief: false })
  return drawn
}

async function figuresOf({ name, record }: Named, said: string[]): Promise<(Figure | undefined)[]> {
  if (record.kind === 'retraining') return [retrainingFigure([{ name, record }])]
  const run = { name, record }
  return [
    record.ranking && supernetAccuracyFigure(record.ranking),
    paretoFigure(record),
    trainingFigure([run]),
    gradientVarianceFigure([run]),
    varianceByOperationFigure(record),
    pathDistributionFigure(record),
    await importanceFigure(record, said),
  ]
}

/** If the checkpoint or the images cannot be read, `said` receives a sentence. */
async function importanceFigure(
  { folder, config, finished, planned }: SearchRecord,
  said: string[],
): Promise<Figure | undefined> {
  const importance = await readImageImportance(folder).catch((error: Error) => {
    said.push(`The importance of images is left out: ${error.message}.`)
    return undefined
  })
  if (importance === undefined) return undefined
  const { most, least } = extremes(importance)
  if (most.length === 0) return undefined
  let thumbnails: Map<number, Thumbnail> | undefined
  try {
    thumbnails = await thumbnailsOf(config, importance.images, [...most, ...least])
  } catch (error) {
    const [reason] = (error as Error).message.split('\n', 1)
    said.push(`The most and least important images are left out: ${reason}.`)
  }
  return imageImportanceFigure(importance, thumbnails, { isTrained: finished >= planned })
}

function searchNumbers(record: SearchRecord): [string, string | undefined][] {
  const { result, start } = record
  const foundBy = result?.found?.by ?? 'accuracy'
  // Beside a ranking that is sorted by something else, nobody must take them for its own.
  const byAccuracy = (result?.rankedBy ?? 'accuracy') === 'accuracy' ? '' : ', by accuracy'
  const shown = (value: number | null | undefined, show: (value: number) => string) =>
    value === null || value === undefined ? undefined : show(value)
  return [
    [`Kendall's τ${byAccuracy}`, shown(result?.kendallTau, decimal)],
    ["Kendall's τ, ranked by loss", shown(result?.kendallTauByLoss, decimal)],
    ["Kendall's τ of the number of parameters alone", shown(result?.kendallTauByParameters, decimal)],
    ["Kendall's τ with parameters: sum of both ranks", shown(result?.kendallTauWithParameters, decimal)],
    ["Kendall's τ with multiply-adds: sum of both ranks", shown(result?.kendallTauWithMultiplyAdds, decimal)],
    [`Spearman's ρ${byAccuracy}`, shown(result?.spearman, decimal)],
    [
      'ranking sorted by',
      result?.rankedBy === 'accuracy' ? undefined : result?.rankedBy && CRITERION_WORDS[result.rankedBy],
    ],
    ['found sub-models sorted by', foundBy === 'accuracy' ? undefined : CRITERION_WORDS[foundBy]],
    ['truth of the first in the ranking', shown(result?.bestFound, percentTruth)],
    ['below the best in the table', shown(result?.regret, points)],
    ['sub-models ranked', result && result.ranked > 0 ? integer(result.ranked) : undefined],
    ['gradient variance, last epoch', shown(lastEpoch(record)?.gradientVariance, scientific)],
    ['epochs', epochsOf(record)],
    ['parameters of the supernet', shown(start?.parameters, integer)],
    ['time', shown(result?.seconds ?? secondsOf(record), duration)],
  ]
}

function retrainingNumbers(record: RetrainRecord): [string, string | undefined][] {
  const { result, start } = record
  const last = lastEpoch(record)
  const seconds = result?.seconds ?? secondsOf(record)
  return [
    ['best top-1', result?.best && `${bestTop1(result.best)}, epoch ${result.best.epoch + 1}`],
    ['top-1, last epoch', last && percent(last.top1)],
    ['averaged weights', last?.top1Averaged === undefined ? undefined : percent(last.top1Averaged)],
    ['top-5, last epoch', last && percent(last.top5)],
    ['epochs', epochsOf(record)],
    ['parameters', start && integer(start.parameters)],
    // Only a result counts the evaluations.
    [result ? 'time' : 'time of training', seconds === undefined ? undefined : duration(seconds)],
  ]
}

/** Undefined for imported weights. */
function epochsOf({ finished, planned }: RunRecord): string | undefined {
  return planned === 0 ? undefined : `${finished} of ${planned}`
}

/** Seconds of all finished epochs; undefined if the log lacks some. */
function secondsOf({ epochs, finished }: RunRecord): number | undefined {
  if (epochs.length < finished) return undefined
  return (epochs as readonly { readonly seconds: number }[]).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** A found sub-model, which has costs, or a ranked one. */
type Best = RankedSubModel & { readonly costs?: Readonly<Record<string, number>> }

interface Placed {
  readonly one: Best
  /** From 1. */
  readonly place: number
}

/** The best architectures drawn, and a table of more; or the network of a retraining. */
async function architectures(record: RunRecord, { drawn, prefix, brief }: Place, said: string[]): Promise<Html[]> {
  if (record.kind === 'retraining') {
    if (brief) return []
    const network = createNetwork(record.config.network)
    const svg = await drawArchitecture(network, [])
    drawn.push({ name: `${prefix}architecture`, svg })
    return [drawing(svg, html`The network: <code>${network.encode([])}</code>`)]
  }
  const { result, space } = record
  const { ranking = [], found } = record
  const best: Best[] = (result?.found?.best ?? result?.top ?? ranking).slice(0, LISTED)
  if (best.length === 0) {
    const isSaid = record.notes.some((note) => /^(summary\.json|ranking\.csv|found\.csv) /.test(note))
    if (found === undefined && !isSaid) said.push('The run has neither ranked nor searched sub-models yet.')
    return []
  }
  const kind = result?.found === undefined ? 'Ranked' : 'Found'
  // Without a result, the table of the ranking is listed, which the settings tell how it was sorted.
  const { by: criterion = 'accuracy' } = result?.found ?? { by: result ? result.rankedBy : record.config.ranking.by }
  const by = criterion === 'accuracy' ? '' : `, by ${CRITERION_WORDS[criterion]}`
  const costs = [...new Set(best.flatMap(({ costs = {} }) => Object.keys(costs)))]
  const parts = [
    table<Placed>(
      `${kind} sub-models${by}`,
      [
        { title: 'place', number: true, valueOf: ({ place }) => place },
        { title: 'architecture', valueOf: ({ one }) => html`<code>${one.arch}</code>` },
        { title: 'accuracy', number: true, valueOf: ({ one }) => percent(one.accuracy) },
        {
          title: 'truth',
          number: true,
          valueOf: ({ one }) => (one.groundTruth === null ? undefined : percentTruth(one.groundTruth)),
        },
        ...costs.map((cost) => ({
          title: cost === 'latency' ? 'latency, ms' : cost,
          number: true,
          valueOf: ({ one }: Placed) => one.costs?.[cost]?.toLocaleString('en-US'),
        })),
      ],
      best.map((one, i) => ({ one, place: i + 1 })),
    ),
  ]
  if (brief || space?.outline === undefined) return parts
  for (const [i, { path, arch }] of best.slice(0, DRAWN).entries()) {
    const svg = await drawArchitecture(space, path)
    drawn.push({ name: `${prefix}architecture-${i + 1}`, svg })
    parts.push(drawing(svg, html`${kind} ${i + 1}: <code>${arch}</code>`))
  }
  return parts
}

function machineFacts(machine: Machine | undefined): Html | undefined {
  if (machine === undefined)
    return html`<p class="faint">The run does not say what it computed with.</p>
`
  const { padaNative, torch, node, platform, cpu, cores, threads, cpuCapability, memory, gpu } = machine
  return facts([
    ['pada-native', padaNative],
    ['libtorch', torch],
    ['Node', `${node}, ${platform}`],
    ['processor', `${cpu}, ${cores} cores, ${(memory / 2 ** 30).toFixed(1)} GiB`],
    ['threads', `${threads}, ${cpuCapability}`],
    ['GPU', gpu],
  ])
}
