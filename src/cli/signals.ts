export interface Interruption extends Disposable {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** Exit code of a process that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130

/** Milliseconds in which a second signal is the same Ctrl-C, because both the terminal and `npx` send one. */
const ECHO = 500

/**
 * Aborts a signal at the first SIGINT or SIGTERM, so that the work can save itself. The second one ends the process at
 * once. Closed standard output (`| head`) aborts the signal too, because no one reads the results.
 */
export function onInterrupt(say: (line: string) => void): Interruption {
  const controller = new AbortController()
  let interrupted = Number.NEGATIVE_INFINITY
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (performance.now() - interrupted > ECHO) process.exit(INTERRUPTED)
      return
    }
    interrupted = performance.now()
    say('Interrupted: finishing the current step. Interrupt again to stop at once.')
    controller.abort()
  }
  const closedPipe = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.stdout.on('error', closedPipe)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    },
  }
}

/** True if an error reports an aborted signal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
