import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { makeFolder } from '../base/files.js'
import { isGroup } from '../config/settings.js'
import { eventsOf } from '../runs/event-log.js'
import { savedSettings } from '../runs/saved-settings.js'
import { encodeEventFile, type Hyperparameter, type TensorboardEvent } from './event-file.js'

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
  learningRate: 'training/learning_rate',
  imagesPerSecond: 'training/images_per_second',
}
/** Tags of a result's numbers. */
const RESULT_TAGS: Readonly<Record<string, string>> = {
  kendallTau: 'ranking/kendall_tau',
  spearman: 'ranking/spearman',
  bestFound: 'ranking/best_found_percent',
  regret: 'ranking/regret_percent',
}

type Logged = { readonly event: string } & Readonly<Record<string, unknown>>

/**
 * Writes the log of a run as an event file of TensorBoard into a folder: scalars by epoch, the ranking's correlations,
 * and the settings as hyperparameters. A file that was written from the same run before is replaced. Resolves to the
 * file's path.
 *
 * Steps are epochs, counted from 1. The log has no times, so they are counted back from its last change by the seconds
 * of each epoch.
 *
 * @throws UserError for a folder that is no run.
 */
export async function writeTensorboard(run: string, folder: string): Promise<string> {
  const settings = await savedSettings(run)
  const epochs = await eventsOf<Logged>(run, 'epoch')
  const [result] = (await eventsOf<Logged>(run, 'result')).slice(-1)
  const end = (await stat(join(run, 'events.jsonl'))).mtimeMs / 1000
  let time = end - epochs.reduce((sum, { seconds }) => sum + (Number(seconds) || 0), 0)
  const begin = time
  const events: TensorboardEvent[] = [{ time, step: 0, hyperparameters: flattened(settings) }]
  for (const epoch of epochs) {
    time += Number(epoch.seconds) || 0
    events.push({ time, step: Number(epoch.epoch) + 1, scalars: scalarsOf(epoch) })
  }
  if (result !== undefined) events.push({ time: end, step: epochs.length, scalars: tagged(result, RESULT_TAGS) })
  await makeFolder(folder)
  const file = join(folder, `events.out.tfevents.${Math.floor(begin)}.pada-native`)
  await writeAtomically(file, [encodeEventFile(events)])
  return file
}

function scalarsOf(epoch: Logged): Map<string, number> {
  const scalars = tagged(epoch, TAGS)
  for (const [name, value] of Object.entries(epoch.gradientVarianceByOperation ?? {})) {
    if (typeof value === 'number') scalars.set(`gradient_variance/${name}`, value)
  }
  const { pathDistribution } = epoch
  // One list for all choices; a list per choice would be hundreds of curves.
  if (Array.isArray(pathDistribution) && typeof pathDistribution[0] === 'number') {
    pathDistribution.forEach((share, k) => {
      scalars.set(`paths/operation_${k}`, share)
    })
  }
  return scalars
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
