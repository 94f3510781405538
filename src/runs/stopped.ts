/** Why a run ended without a result: the last event of its log, until the run continues. */
import { errorSentence } from '../base/error-sentence.js'
import { isAbort, UserError } from '../base/errors.js'
import { asUserError } from '../distributed/index.js'
import type { RunFolder } from './run-folder.js'

/** A run ended without a result. A run that continues cuts the event from its log. */
export interface StoppedEvent {
  readonly event: 'stopped'
  /** `interrupted` if the caller's signal was aborted, e.g. by Ctrl-C, unless its reason is a `UserError`. */
  readonly why: 'failed' | 'interrupted'
  /** The error in the words that a user sees, or why the signal was aborted. */
  readonly reason: string
  /** When it was, in ISO 8601. */
  readonly time: string
}

/**
 * Passes the events of a run on. If they end by an error, the log gets a {@link StoppedEvent} and the error is thrown on.
 * A process that is killed cannot do so.
 */
export async function* loggingWhyItStopped<Event, Result>(
  run: RunFolder,
  signal: AbortSignal | undefined,
  events: AsyncGenerator<Event, Result>,
): AsyncGenerator<Event, Result> {
  try {
    return yield* events
  } catch (error) {
    // The error itself is what the caller must see. A folder that was lost or is full keeps its log as it is.
    await run.log(stoppedEvent(error, signal)).catch(() => {})
    throw error
  }
}

function stoppedEvent(thrown: unknown, signal: AbortSignal | undefined): StoppedEvent {
  // The end of another process may be an interruption.
  const error = asUserError(thrown)
  // The caller's signal, or that of another process of the same training.
  const isAborted = isAbort(error) || (signal?.aborted && error === signal.reason)
  const cause = isAborted && signal?.aborted ? signal.reason : error
  // Commands abort by an error if standard output takes no more.
  const why = isAborted && !(cause instanceof UserError) ? 'interrupted' : 'failed'
  return { event: 'stopped', why, reason: errorSentence(cause), time: new Date().toISOString() }
}
