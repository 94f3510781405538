import { join } from 'node:path'
import type { RunFolder } from '../runs/run-folder.js'
import { appendEvent, replaceEventFile, TENSORBOARD } from './folder.js'
import { endOf, loggedRun, ofEpoch } from './logged.js'

/** The event file of a run that goes on, in the folder `tensorboard` of the run. */
export class RunningLog {
  readonly #run: RunFolder
  readonly #file: string

  private constructor(run: RunFolder, file: string) {
    this.#run = run
    this.#file = file
  }

  /** Begins the file with what the log of the run has: a resumed run loses no epoch and has none twice. */
  static async open(run: RunFolder): Promise<RunningLog> {
    run.lost.throwIfAborted()
    return new RunningLog(run, await replaceEventFile(join(run.path, TENSORBOARD), await loggedRun(run.path)))
  }

  /** Appends an event `epoch`. */
  async epoch(event: { readonly event: 'epoch' }): Promise<void> {
    this.#run.lost.throwIfAborted()
    await appendEvent(this.#file, ofEpoch(event, now()))
  }

  /** Appends an event `result`, after so many epochs. */
  async result(event: { readonly event: 'result' }, epochs: number): Promise<void> {
    this.#run.lost.throwIfAborted()
    await appendEvent(this.#file, await endOf(this.#run.path, event, now(), epochs))
  }
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000
}
