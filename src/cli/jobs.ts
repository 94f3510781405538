/** Several searches of an experiment at a time: each job is a process of its own that runs the same command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { cpuQuota } from '../base/cpu-quota.js'
import { UserError } from '../base/errors.js'
import type { ExperimentEvent } from '../experiment/events.js'

export interface JobOptions {
  /** When aborted, every job saves its search and ends; then the signal's reason is thrown. */
  readonly signal: AbortSignal
  /** Receives the events of all jobs. The first, and the report at the end, come once. */
  event(event: ExperimentEvent): void
  /** Receives lines for people. */
  say(line: string): void
}

/** The last characters that a job wrote for people, which are kept. */
const KEPT = 4_096

/**
 * Runs `count` processes of this program with the arguments `words`, which write JSON. They share one experiment: each
 * takes the searches that no other holds. If a job dies, the others go on.
 *
 * @throws UserError if searches have failed or no job came to the end; the reason of an aborted signal.
 */
export async function runJobs(count: number, words: readonly string[], options: JobOptions): Promise<void> {
  const { signal } = options
  const merged = new MergedEvents(options)
  const ends = await Promise.all(
    Array.from({ length: count }, () => runJob(words, shareOfThreads(count), signal, (event) => merged.take(event))),
  )
  signal.throwIfAborted()
  const failed = ends.filter(({ code }) => code !== 0)
  const worst = failed[0]
  if (worst !== undefined && (failed.length === count || merged.failures > 0)) {
    throw new UserError(worst.said, worst.code === 2 ? 2 : 1)
  }
  for (const { said } of failed) options.say(`A job of ${count} ended early: ${said}`)
  merged.finish()
}

/** Passes on the events of several jobs as those of one command. */
class MergedEvents {
  readonly #options: JobOptions
  readonly #failed = new Set<string>()
  #begun = false
  #report: ExperimentEvent | undefined

  constructor(options: JobOptions) {
    this.#options = options
  }

  /** Number of searches that failed. */
  get failures(): number {
    return this.#failed.size
  }

  take(event: ExperimentEvent): void {
    if (event.event === 'waiting') return
    if (event.event === 'report') {
      this.#report = event
      return
    }
    // A job tries a search again that failed in another one.
    if (event.event === 'cellFailed' && this.#failed.has(event.cell)) return
    if (event.event === 'cellFailed') this.#failed.add(event.cell)
    if (event.event !== 'experiment' || !this.#begun) this.#options.event(event)
    this.#begun = true
  }

  /** Passes on the last report, which has all searches. */
  finish(): void {
    if (this.#report !== undefined) this.#options.event(this.#report)
  }
}

/** Threads of each of `count` jobs, if settings and environment name no number. */
function shareOfThreads(count: number): number {
  const cores = Math.min(availableParallelism(), cpuQuota() ?? Number.POSITIVE_INFINITY)
  return Math.max(1, Math.floor(cores / count))
}

interface JobEnd {
  readonly code: number | string
  /** Its error in a sentence. */
  readonly said: string
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
  let said = ''
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-KEPT)
  })
  createInterface(child.stdout).on('line', (line) => take(JSON.parse(line)))
  const code = await ended(child).finally(() => signal.removeEventListener('abort', interrupt))
  const sentence = /^pada-native: (.*)$/m.exec(said)?.[1]
  return { code, said: sentence ?? `it ended with ${typeof code === 'number' ? `code ${code}` : code}` }
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? String(signal)))
  })
}
