/** The folder of an event file. It has one file of ours, named by when it was begun. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { append, makeFolder } from '../base/files.js'
import { encodeEvent, encodeEventFile, type TensorboardEvent } from './event-file.js'

/** Folder, within a run, of the event file that the run itself writes. */
export const TENSORBOARD = 'tensorboard'

const OURS = /^events\.out\.tfevents\.\d+\.pada-native$/

/**
 * Writes an event file into a folder in the place of earlier ones. Its name is new, and comes after theirs, so that a
 * TensorBoard that has the folder open reads it. Resolves to its path.
 */
export async function replaceEventFile(folder: string, events: readonly TensorboardEvent[]): Promise<string> {
  await makeFolder(folder)
  const earlier = await ourFiles(folder)
  const latest = Math.max(0, ...earlier.map((name) => Number(name.split('.')[3])))
  const file = join(folder, `events.out.tfevents.${Math.max(Date.now(), latest + 1)}.pada-native`)
  await writeAtomically(file, [encodeEventFile(events)])
  for (const name of earlier) await rm(join(folder, name), { force: true })
  return file
}

/** The event file in a folder; undefined if there is none. */
export async function eventFileIn(folder: string): Promise<string | undefined> {
  const latest = (await ourFiles(folder)).toSorted().at(-1)
  return latest && join(folder, latest)
}

async function ourFiles(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => OURS.test(name))
}

/** Appends an event to a file, as a whole record. */
export function appendEvent(file: string, event: TensorboardEvent): Promise<void> {
  return append(file, encodeEvent(event))
}
