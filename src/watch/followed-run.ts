import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { whyUnreadable } from '../base/files.js'
import { PROGRESS_FILE, type RunProgress, STEPS_FILE } from '../runs/progress.js'
import { isRunLocked } from '../runs/run-lock.js'
import { savedSettings } from '../runs/saved-settings.js'
import { LogFollower } from './log-follower.js'
import type { Distribution, RunOverview } from './messages.js'
import { distributionOf, type SpaceNames, spaceNames } from './operation-names.js'
import { RunLog } from './run-log.js'
import type { Series } from './series.js'
import { progressOf } from './shapes.js'
import { StepLog } from './step-log.js'

/** Milliseconds without any change after which a run whose lock cannot be seen no longer counts as running. */
const SILENCE = 15_000
/** Milliseconds for which a run is polled often after its last change. */
const LIVELY = 60_000
/** Bytes of a log that a first look reads whole. Of a log n times as long it takes every n-th epoch. */
const LONG = 500_000
/** Milliseconds between two looks at the lock, which its owner renews every few seconds. */
const LOCK_INTERVAL = 1_000

/** A run folder that is read again and again. Nothing in it is changed, and a missing file is an empty one. */
export class FollowedRun {
  readonly id: string
  readonly folder: string
  readonly steps = new StepLog()
  #log = new RunLog()
  #logFile: LogFollower
  readonly #stepsFile: LogFollower
  #progress: RunProgress | undefined
  #progressSeen = ''
  #names: Promise<SpaceNames | undefined> | undefined
  #spaceNames: SpaceNames | undefined
  #locked = false
  #lockLooked = Number.NEGATIVE_INFINITY
  /** When a change was last seen here, by this machine's clock; never, for what was there at the beginning. */
  #lastChange = Number.NEGATIVE_INFINITY
  #read = false
  #unreadable: string | undefined
  #changed = 0

  constructor(id: string, folder: string) {
    this.id = id
    this.folder = folder
    this.#logFile = new LogFollower(join(folder, 'events.jsonl'))
    this.#stepsFile = new LogFollower(join(folder, STEPS_FILE))
  }

  get log(): RunLog {
    return this.#log
  }

  /** Whether some epochs of a long log were passed over. */
  get thinned(): boolean {
    return this.#log.every > 1
  }

  /** Whether it was read to its end at least once, or as far as it can be read. */
  get read(): boolean {
    return this.#read
  }

  /** Why its files could not be read at the last look; undefined if they could. */
  get unreadable(): string | undefined {
    return this.#unreadable
  }

  /** True while the run writes or may write soon. */
  get lively(): boolean {
    return this.#locked || performance.now() - this.#lastChange < LIVELY
  }

  /** Reads what is new. Resolves to whether the overview has changed. */
  async poll(): Promise<boolean> {
    const [state, unreadable] = [this.#state(), this.#unreadable]
    // What was read before a failure may be new.
    let changed = true
    await this.#reading(async () => {
      changed = await this.#readNew()
    })
    this.#read = true
    return changed || this.#state() !== state || this.#unreadable !== unreadable
  }

  /** Reads a thinned log whole; until then the thinned one is shown. */
  async readWhole(): Promise<void> {
    const whole = new RunLog(1, this.#log.generation + 1)
    const file = new LogFollower(join(this.folder, 'events.jsonl'))
    await this.#reading(async () => {
      await file.poll(whole)
      this.#log = whole
      this.#logFile = file
    })
  }

  /** The page goes on to show other runs if this one cannot be read. */
  async #reading(read: () => Promise<void>): Promise<void> {
    try {
      await read()
      this.#unreadable = undefined
    } catch (error) {
      this.#unreadable = `its files cannot be read: ${whyUnreadable(error as NodeJS.ErrnoException)}`
    }
  }

  async #readNew(): Promise<boolean> {
    if (!this.#read) this.#log = new RunLog(await this.#everyOf())
    const changes = [await this.#pollLog(), await this.#stepsFile.poll(this.steps), await this.#pollProgress()]
    const changed = changes.includes(true)
    if (changed && this.#read) this.#lastChange = performance.now()
    if (changed) await this.#learnNames()
    await this.#lookAtLock()
    return changed
  }

  async #pollLog(): Promise<boolean> {
    const changed = await this.#logFile.poll(this.#log)
    this.#log.settle()
    return changed
  }

  /** A log that takes long to read is thinned at first. */
  async #everyOf(): Promise<number> {
    const status = await stat(join(this.folder, 'events.jsonl')).catch(() => undefined)
    return Math.max(1, Math.ceil((status?.size ?? 0) / LONG))
  }

  overview(): RunOverview {
    const { about = {}, result, stopped, epochs, generation, damaged } = this.log
    const state = this.#state()
    const reason = this.#unreadable ?? (state === 'running' ? undefined : stopped?.reason)
    return {
      id: this.id,
      state,
      ...(reason !== undefined && { reason }),
      generation,
      rows: epochs.rows,
      steps: { generation: this.steps.generation, rows: this.steps.series.rows },
      about,
      latest: latestOf(epochs),
      ...(this.#progress && { progress: this.#progress }),
      ...(result && { result }),
      ...this.#distribution(),
      damaged,
      changed: this.#changed,
    }
  }

  #state(): RunOverview['state'] {
    if (this.#locked) return 'running'
    if (this.log.stopped !== undefined) return this.log.stopped.why === 'failed' ? 'failed' : 'stopped'
    if (this.log.result !== undefined) return 'finished'
    return performance.now() - this.#lastChange < SILENCE ? 'running' : 'stopped'
  }

  #distribution(): { distribution?: Distribution } {
    const { distribution, connections } = this.log
    return distribution === undefined
      ? {}
      : { distribution: distributionOf(distribution, connections, this.#spaceNames) }
  }

  async #pollProgress(): Promise<boolean> {
    const file = join(this.folder, PROGRESS_FILE)
    const status = await stat(file).catch(() => undefined)
    const log = await stat(join(this.folder, 'events.jsonl')).catch(() => undefined)
    this.#changed = Math.max(status?.mtimeMs ?? 0, log?.mtimeMs ?? 0)
    const seen = status === undefined ? '' : `${status.ino} ${status.size} ${status.mtimeMs}`
    if (seen === this.#progressSeen) return false
    this.#progressSeen = seen
    this.#progress = progressOf(await readFile(file, 'utf8').catch(() => ''))
    return true
  }

  async #lookAtLock(): Promise<void> {
    if (performance.now() - this.#lockLooked < LOCK_INTERVAL) return
    this.#lockLooked = performance.now()
    this.#locked = await isRunLocked(this.folder)
  }

  /** The settings name the space, whose operations and choices have names. */
  async #learnNames(): Promise<void> {
    if (this.log.distribution === undefined) return
    this.#names ??= savedSettings(this.folder)
      .then(spaceNames)
      .catch(() => undefined)
    this.#spaceNames = await this.#names
  }
}

/** Values of the last epoch that the table of runs shows. */
function latestOf(epochs: Series): RunOverview['latest'] {
  const names = ['loss', 'accuracy', 'top1', 'trainTop1', 'gradientVariance'] as const
  const values = names.map((name) => [name, epochs.column(name)?.at(-1)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined && Number.isFinite(value)))
}
