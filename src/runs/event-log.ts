/** The log of a run, `events.jsonl` in its folder: one JSON object per line, appended when it happens. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { append, readText, shorten, sizeOf, syncFile } from '../base/files.js'

/** Name of the log in the folder. */
export const EVENT_LOG = 'events.jsonl'

export function logEvent(run: string, event: { readonly event: string }): Promise<void> {
  return append(join(run, EVENT_LOG), `${JSON.stringify(event)}\n`)
}

/** The events of a run, in order, up to the first line that is torn or damaged. */
export async function loggedEvents<Event extends { readonly event: string }>(run: string): Promise<Event[]> {
  return wholeLines(await readText(join(run, EVENT_LOG))).map((line) => JSON.parse(line))
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
 * Cuts the log to the `bytes` that it had at a checkpoint, and before the first line that is torn or damaged. Resolves
 * to the bytes that are left. They are fewer if events from before the checkpoint are lost.
 */
export async function cutLog(run: string, bytes: number): Promise<number> {
  const file = join(run, EVENT_LOG)
  if ((await sizeOf(file)) === 0) return 0
  const kept = (await readFile(file)).subarray(0, bytes)
  const whole = wholeLines(kept.toString('utf8')).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
  await shorten(file, whole)
  return whole
}

/** Lines that are events, up to the first that is none. The text after the last line break is torn or empty. */
function wholeLines(text: string): string[] {
  const lines = text.split('\n').slice(0, -1)
  const damaged = lines.findIndex((line) => !isEvent(line))
  return damaged === -1 ? lines : lines.slice(0, damaged)
}

function isEvent(line: string): boolean {
  try {
    return typeof JSON.parse(line)?.event === 'string'
  } catch {
    return false
  }
}
