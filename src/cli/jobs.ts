/** Several searches of an experiment at a time: each job is a process of its own that runs the same command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { usableCores } from '../base/cpu-quota.js'
import { UserError } from '../base/errors.js'
import { errorIn, lastWords } from '../base/last-words.js'
import type { ExperimentEvent, ReportEvent } from '../experiment/events.js'
import { searchesFailed } from '../experiment/run.js'

export interface JobOptions {
  /** When aborted, every job saves its search and ends; then the signal's reason is thrown. */
  readonly signal: AbortSignal
  /** Receives the events of all jobs, as those of one command. */
  event(event: ExperimentEvent): void
  /** Receives lines for people. */
  say(line: string): void
}

/**
 * Runs `count` processes of this program with the arguments `words`, which write JSON. They share one experiment: each
 * takes the searches that no other holds. If a job dies, or cannot be started, the others go on.
 *
 * @throws UserError if searches have failed or no job came to the end; the reason of an aborted signal.
 */
export async function runJobs(count: number, words: readonly string[], options: JobOptions): Promise<void> {
  const { signal } = options
  const merged = new MergedEvents(options)
  let running = count
  const run = async (): Promise<JobEnd> => {
    const end = await runJob(words, shareOfThreads(count), signal, (event) => merged.take(event))
    running--
    if (!end.reported && end.sentence === undefined && running > 0 && !signal.aborted) {
      options.say(`A job ended with ${end.how}; ${running} of ${count} are left`)
    }
    return end
  }
  const ends = await Promise.all(Array.from({ length: count }, run))
  signal.throwIfAborted()
  merged.finish()
  if (ends.some(({ reported }) => reported)) return
  const [{ sentence, how }] = ends
  if (sentence !== undefined) throw new UserError(sentence, how === 'code 2' ? 2 : 1)
  const cause = how === 'SIGKILL' ? ', as if memory ran out' : ''
  throw new UserError(`Expected a job that comes to its end but all ${count} ended with ${how}${cause}`)
}

/** Passes on the events of several jobs as those of one command. */
class MergedEvents {
  readonly #event: JobOptions['event']
  /** Why searches failed, by their names. Every job tells it. */
  readonly #failures = new Map<string, string>()
  #begun = false
  #report: ReportEvent | undefined

  constructor({ event }: JobOptions) {
    this.#event = event
  }

  take(event: ExperimentEvent): void {
    switch (event.event) {
      case 'experiment':
        if (!this.#begun) this.#event(event)
        this.#begun = true
        break
      case 'cellFailed':
        if (!this.#failures.has(event.cell)) this.#event(event)
        this.#failures.set(event.cell, event.message)
        break
      case 'report':
        this.#report = event
        break
      case 'waiting':
        break
      default:
        this.#event(event)
    }
  }

  /** Passes on the last report, which has all searches. Throws a UserError if some have failed. */
  finish(): void {
    if (this.#report !== undefined) this.#event(this.#report)
    const failures = [...this.#failures].map(([cell, message]) => `${cell}: ${message}`)
    if (failures.length > 0) throw searchesFailed(failures)
  }
}

/** Threads of each of `count` jobs, if settings and environment name no number. */
function shareOfThreads(count: number): number {
  return Math.max(1, Math.floor(usableCores() / count))
}

interface JobEnd {
  /** Its exit code, the signal that ended it, or why it did not start: `code 1`, `SIGKILL`, `spawn node EAGAIN`. */
  readonly how: string
  /** True if it came to the end of the experiment. */
  readonly reported: boolean
  /** Its error. */
  readonly sentence?: string
}

async function runJob(
  words: readonly string[],
  threads: number,
  signal: AbortSignal,
  take: (event: ExperimentEvent) => void,
): Promise<JobEnd> {
  signal.throwIfAborted()
  const env = { OMP_NUM_THREADS: `${threads}`, ...process.env }
  const command = [...process.execArgv, process.argv[1], ...words]
  // A group of its own: the terminal's Ctrl-C reaches this process, which tells the job once.
  const child = spawn(process.execPath, command, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const interrupt = () => child.kill('SIGINT')
  signal.addEventListener('abort', interrupt)
  const said = lastWords(child.stderr)
  let reported = false
  createInterface(child.stdout).on('line', (line) => {
    const event = whole(line)
    reported ||= event?.event === 'report'
    if (event !== undefined) take(event)
  })
  const how = await ended(child).finally(() => signal.removeEventListener('abort', interrupt))
  return { how, reported, sentence: errorIn(said()) }
}

/** The event of a line; undefined for the rest of a line that a job was killed in. */
function whole(line: string): ExperimentEvent | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => resolve(signal ?? `code ${code}`))
  })
}
