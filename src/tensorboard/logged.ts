/** What TensorBoard shows of the log of a run. Steps are epochs, counted from 1. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isGroup } from '../config/settings.js'
import { EVENT_LOG, loggedEvents } from '../runs/event-log.js'
import { readImageImportance } from '../runs/image-importance.js'
import { savedSettings } from '../runs/saved-settings.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { Hyperparameter, TensorboardEvent } from './event-file.js'
import { type Histogram, histogramOf, histogramOfShares } from './histogram.js'

/** Tags of an epoch's numbers, in the groups in which TensorBoard shows them. */
const TAGS: Readonly<Record<string, string>> = {
  loss: 'train/loss',
  accuracy: 'train/top1',
  accuracyTop5: 'train/top5',
  trainTop1: 'train/top1',
  trainTop5: 'train/top5',
  testLoss: 'test/loss',
  top1: 'test/top1',
  top5: 'test/top5',
  top1Averaged: 'test/top1_averaged',
  top5Averaged: 'test/top5_averaged',
  gradientVariance: 'gradient_variance/all',
  gradientVarianceCandidates: 'gradient_variance/candidates',
  fixedGradientVariance: 'gradient_variance/all_at_fixed_weights',
  fixedGradientVarianceCandidates: 'gradient_variance/candidates_at_fixed_weights',
  learningRate: 'training/learning_rate',
  imagesPerSecond: 'training/images_per_second',
}
/** Tags of a result's numbers. */
const RESULT_TAGS: Readonly<Record<string, string>> = {
  kendallTau: 'ranking/kendall_tau',
  kendallTauByLoss: 'ranking/kendall_tau_by_loss',
  kendallTauByParameters: 'ranking/kendall_tau_by_parameters',
  spearman: 'ranking/spearman',
  bestFound: 'ranking/best_found_percent',
  regret: 'ranking/regret_percent',
}

/** An event of a log, of any version. */
type Logged = { readonly event: string } & Readonly<Record<string, unknown>>

/**
 * What a run's folder has, but pictures: settings, epochs, and {@link endOf} the run so far. The log has no times, so they
 * are counted back from its last change by the seconds of each epoch.
 *
 * @throws UserError for a folder that is no run.
 */
export async function loggedRun(run: string): Promise<TensorboardEvent[]> {
  const settings = await savedSettings(run)
  const log = await loggedEvents<Logged>(run)
  const epochs = log.filter(({ event }) => event === 'epoch')
  const result = log.findLast(({ event }) => event === 'result')
  const changed = await stat(join(run, EVENT_LOG)).catch(() => undefined)
  const end = (changed?.mtimeMs ?? Date.now()) / 1000
  let time = end - epochs.reduce((sum, { seconds }) => sum + (Number(seconds) || 0), 0)
  const events: TensorboardEvent[] = [{ time, step: 0, hyperparameters: flattened(settings) }]
  for (const epoch of epochs) {
    time += Number(epoch.seconds) || 0
    events.push(ofEpoch(epoch, time))
  }
  events.push(await endOf(run, result, end, epochs.length))
  return events
}

/** Numbers of an event `epoch`, and the distribution of paths after it. */
export function ofEpoch(event: object, time: number): TensorboardEvent {
  const epoch = event as Logged
  const scalars = tagged(epoch, TAGS)
  for (const [name, value] of Object.entries(epoch.gradientVarianceByOperation ?? {})) {
    if (typeof value === 'number') scalars.set(`gradient_variance/${name}`, value)
  }
  const distribution = epoch.pathDistribution as PathDistribution | undefined
  const histograms = new Map<string, Histogram>()
  if (distribution !== undefined) {
    const lists = isListPerChoice(distribution) ? distribution : [distribution as readonly number[]]
    const operations = lists[0].map((_, k) => lists.map((list) => list[k]))
    const shares = operations.map((ofChoices) => ofChoices.reduce((sum, share) => sum + share, 0) / lists.length)
    histograms.set('paths/distribution', histogramOfShares(shares))
    for (const [k, ofChoices] of operations.entries()) {
      scalars.set(`paths/operation_${k}`, shares[k])
      if (lists.length > 1) histograms.set(`paths/operation_${k}_over_choices`, histogramOf(ofChoices))
    }
  }
  return { time, step: Number(epoch.epoch) + 1, scalars, histograms }
}

/**
 * Numbers of an event `result`, if there is one, and how often each training image is drawn according to the
 * checkpoint. A checkpoint that cannot be read is left out.
 */
export async function endOf(
  run: string,
  result: object | undefined,
  time: number,
  step: number,
): Promise<TensorboardEvent> {
  const importance = await readImageImportance(run).catch(() => undefined)
  const histograms = new Map<string, Histogram>()
  if (importance !== undefined) histograms.set('images/expected_draws', histogramOf(importance.draws))
  return { time, step, scalars: tagged((result ?? {}) as Logged, RESULT_TAGS), histograms }
}

function isListPerChoice(distribution: PathDistribution): distribution is readonly (readonly number[])[] {
  return typeof distribution[0] === 'object'
}

function tagged(event: Logged, tags: Readonly<Record<string, string>>): Map<string, number> {
  const named = Object.entries(tags).map(([name, tag]) => [tag, event[name]] as const)
  return new Map(named.filter((entry): entry is readonly [string, number] => typeof entry[1] === 'number'))
}

/** Settings by their names with dots; lists as JSON. */
function flattened(settings: unknown, prefix = ''): Map<string, Hyperparameter> {
  if (!isGroup(settings)) return new Map()
  const entries = Object.entries(settings).flatMap(([name, value]): [string, Hyperparameter][] => {
    const key = prefix + name
    if (isGroup(value)) return [...flattened(value, `${key}.`)]
    const isPlain = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    return [[key, isPlain ? value : JSON.stringify(value)]]
  })
  return new Map(entries)
}
