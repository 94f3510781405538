import { join } from 'node:path'
import { exists } from '../base/files.js'
import type { RunFolder } from '../runs/run-folder.js'
import type { TensorboardEvent } from './event-file.js'
import { appendEvent, replaceEventFile, TENSORBOARD } from './folder.js'
import { endOf, loggedRun, ofEpoch } from './logged.js'

/**
 * The event file of a run that goes on, in the folder `tensorboard` of the run. If someone removes it, it is made anew
 * from the log.
 */
export class RunningLog {
  readonly #run: RunFolder
  #file: string

  private constructor(run: RunFolder, file: string) {
    this.#run = run
    this.#file = file
  }

  /** Begins the file with what the log of the run has: a resumed run loses no epoch and has none twice. */
  static async open(run: RunFolder): Promise<RunningLog> {
    run.lost.throwIfAborted()
    return new RunningLog(run, await fromLog(run.path))
  }

  /** Appends an event `epoch`, which the log of the run has. */
  async epoch(event: { readonly event: 'epoch' }): Promise<void> {
    await this.#append(ofEpoch(event, now()))
  }

  /** Appends an event `result`, which the log of the run has, after so many epochs. */
  async result(event: { readonly event: 'result' }, epochs: number): Promise<void> {
    await this.#append(await endOf(this.#run.path, event, now(), epochs))
  }

  async #append(event: TensorboardEvent): Promise<void> {
    this.#run.lost.throwIfAborted()
    if (await exists(this.#file)) await appendEvent(this.#file, event)
    else this.#file = await fromLog(this.#run.path)
  }
}

/** Writes the event file of what the log of a run has. Resolves to its path. */
async function fromLog(run: string): Promise<string> {
  return replaceEventFile(join(run, TENSORBOARD), await loggedRun(run))
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000
}
