/** Pictures of a run for TensorBoard, beside all that the log of the run has. */
import { join } from 'node:path'
import type { Picture, TensorboardEvent } from '../tensorboard/event-file.js'
import { appendEvent, eventFileIn, replaceEventFile, TENSORBOARD } from '../tensorboard/folder.js'
import { loggedRun } from '../tensorboard/logged.js'
import { readRun } from './run-record.js'
import { picturesOf } from './run-sections.js'
import { drawPng } from './write-picture.js'

/**
 * Writes a run as an event file of TensorBoard into a folder: scalars and histograms by epoch, the ranking's
 * correlations, the settings as hyperparameters, and the pictures of a report. A file that was written there before is
 * replaced. Resolves to the file's path.
 *
 * Steps are epochs, counted from 1. The log has no times, so they are counted back from its last change by the seconds
 * of each epoch.
 *
 * @throws UserError for a folder that is no run, and for a place that cannot be written to.
 */
export async function writeTensorboard(run: string, folder: string): Promise<string> {
  const events = await loggedRun(run)
  return replaceEventFile(folder, [...events, await picturesEvent(run, events.at(-1)!.time)])
}

/** Appends the pictures to the event file that a run has written itself; nothing if it has written none. */
export async function appendPictures(run: string): Promise<void> {
  const file = await eventFileIn(join(run, TENSORBOARD))
  if (file !== undefined) await appendEvent(file, await picturesEvent(run, Date.now() / 1000))
}

async function picturesEvent(run: string, time: number): Promise<TensorboardEvent> {
  const record = await readRun(run)
  const pictures = new Map<string, Picture>()
  for (const { name, svg } of await picturesOf({ name: run, record }))
    pictures.set(`pictures/${name}`, await drawPng(svg))
  return { time, step: record.epochs.length, pictures }
}
