/** The log of a run, `events.jsonl` in its folder: one JSON object per line, appended when it happens. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { append, readText, shorten, sizeOf, syncFile } from '../base/files.js'

/** Name of the log in the folder. */
export const EVENT_LOG = 'events.jsonl'

export function logEvent(run: string, event: { readonly event: string }): Promise<void> {
  return append(join(run, EVENT_LOG), `${JSON.stringify(event)}\n`)
}

/** The events of a run, in order. */
export interface Log<Event> {
  readonly events: Event[]
  /** Numbers, from 1, of the lines that are damaged. A last line that a kill has torn does not count. */
  readonly damaged: number[]
}

/** Reads the log of a run; an empty one if there is none. */
export async function readLog<Event extends { readonly event: string }>(run: string): Promise<Log<Event>> {
  const lines = (await readText(join(run, EVENT_LOG))).split('\n').slice(0, -1)
  const events = lines.map(eventIn)
  return {
    events: events.filter((event) => event !== undefined) as Event[],
    damaged: events.flatMap((event, i) => (event === undefined ? [i + 1] : [])),
  }
}

/** The events of a run, in order, without lines that are torn or damaged. */
export async function loggedEvents<Event extends { readonly event: string }>(run: string): Promise<Event[]> {
  return (await readLog<Event>(run)).events
}

/** The events of a kind in the log of a run, in order. See {@link loggedEvents}. */
export async function eventsOf<Event extends { readonly event: string }>(
  run: string,
  kind: Event['event'],
): Promise<Event[]> {
  return (await loggedEvents<Event>(run)).filter(({ event }) => event === kind)
}

/** Brings the log to the disk, so that a checkpoint may count on it. Resolves to its bytes. */
export async function syncLog(run: string): Promise<number> {
  const file = join(run, EVENT_LOG)
  const bytes = await sizeOf(file)
  if (bytes > 0) await syncFile(file)
  return bytes
}

/**
 * Cuts the log to the `bytes` that it had at a checkpoint, and takes lines out that are torn or damaged. Resolves to the
 * bytes that are left. They are fewer if events from before the checkpoint are lost.
 */
export async function cutLog(run: string, bytes: number): Promise<number> {
  const file = join(run, EVENT_LOG)
  if ((await sizeOf(file)) === 0) return 0
  const log = await readFile(file)
  const kept = log.subarray(0, bytes)
  const lines = kept.toString('utf8').split('\n').slice(0, -1)
  const whole = Buffer.from(lines.flatMap((line) => (eventIn(line) === undefined ? [] : `${line}\n`)).join(''))
  if (kept.subarray(0, whole.length).equals(whole)) await shorten(file, whole.length)
  else await writeAtomically(file, [whole])
  return whole.length
}

/** The event of a line; undefined if it is damaged. */
function eventIn(line: string): { readonly event: string } | undefined {
  try {
    const value = JSON.parse(line)
    return typeof value?.event === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
