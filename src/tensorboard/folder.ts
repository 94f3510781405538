/** The folder of an event file, whose name says when it was begun. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { append, makeFolder, shorten } from '../base/files.js'
import { encodeEvent, encodeEventFile, type TensorboardEvent } from './event-file.js'

/** Folder, within a run, of the event file that the run itself writes. */
export const TENSORBOARD = 'tensorboard'

const OURS = /^events\.out\.tfevents\.\d+\.pada-native$/

/**
 * Writes an event file into a folder in the place of earlier ones. Resolves to its path.
 *
 * A TensorBoard that has the folder open goes on to files whose names come later. It stops if the file that it has read
 * is gone, so the one before is emptied instead.
 */
export async function replaceEventFile(folder: string, events: readonly TensorboardEvent[]): Promise<string> {
  await makeFolder(folder)
  const earlier = await ourFiles(folder)
  const before = earlier.at(-1)
  const time = Math.max(Date.now(), Number(before?.split('.')[3] ?? 0) + 1)
  const file = join(folder, `events.out.tfevents.${time}.pada-native`)
  await writeAtomically(file, [encodeEventFile(events)])
  if (before !== undefined) await shorten(join(folder, before), 0)
  for (const name of earlier.slice(0, -1)) await rm(join(folder, name), { force: true })
  return file
}

/** The event file in a folder; undefined if there is none. */
export async function eventFileIn(folder: string): Promise<string | undefined> {
  const latest = (await ourFiles(folder)).at(-1)
  return latest && join(folder, latest)
}

/** From the earliest to the latest. */
async function ourFiles(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => OURS.test(name)).toSorted()
}

/** Appends an event to a file, as a whole record. */
export function appendEvent(file: string, event: TensorboardEvent): Promise<void> {
  return append(file, encodeEvent(event))
}
