export interface Interruption extends Disposable {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** Exit code of a process that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130

/** Milliseconds in which a repeated signal is the same Ctrl-C: the terminal sends it to us, and so does `npx`. */
const ECHO = 500

/**
 * Turns the first SIGINT or SIGTERM into an abort, which lets the work save itself; the second one ends the process at
 * once. A reader that closed our standard output (`| head`) counts as an interruption too: nobody is left to tell.
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
    say('Interrupted: finishing the step at hand. Interrupt again to stop at once.')
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

/** Whether an error is the work's answer to an aborted signal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
