import { UserError } from '../base/errors.js'
import { whyUnwritable } from '../base/files.js'

export interface Interruption extends Disposable {
  /** Aborted by the first Ctrl-C or other signal. */
  readonly signal: AbortSignal
}

/** Exit code of a process that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130

/**
 * Signals that end a process: from the keyboard, from `kill`, from a terminal that closes, and from queues of clusters,
 * which warn jobs before they kill them.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** Milliseconds in which a second signal is the same Ctrl-C, because both the terminal and `npx` send one. */
const ECHO = 500

/** Interruptions that are not disposed of. */
let open = 0

/** What is said if standard output takes no more, for example because the disk is full. */
export function outputError(error: NodeJS.ErrnoException): UserError {
  return new UserError(`Expected standard output that takes results but received ${whyUnwritable(error)}`)
}

/**
 * Aborts a signal at the first of {@link SIGNALS}, so that the work can save itself. The second one ends the process at
 * once. Closed standard output (`| head`) aborts the signal too, because no one reads the results, and so does output that
 * cannot be written.
 */
export function onInterrupt(say: (line: string) => void): Interruption {
  open++
  const controller = new AbortController()
  let interrupted = Number.NEGATIVE_INFINITY
  const abort = (why: string) => controller.abort(new DOMException(why, 'AbortError'))
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - interrupted > ECHO) process.exit(INTERRUPTED)
      return
    }
    interrupted = performance.now()
    say('Interrupted: finishing the current step. Interrupt again to stop at once.')
    abort(`interrupted by ${name}`)
  }
  const closedPipe = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') abort('standard output was closed')
    else controller.abort(outputError(error))
  }
  for (const name of SIGNALS) process.on(name, interrupt)
  process.stdout.on('error', closedPipe)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      open--
      for (const name of SIGNALS) process.off(name, interrupt)
      process.stdout.off('error', closedPipe)
    },
  }
}

/** True while work saves itself if it is interrupted. */
export function isInterruptible(): boolean {
  return open > 0
}

/** Ends the process at a signal, and with it the programs that it has started, unless work saves itself first. */
export function endAtSignals(): void {
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (!isInterruptible()) process.exit(INTERRUPTED)
    })
  }
}
