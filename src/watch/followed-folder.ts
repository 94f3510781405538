import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { findRuns, latestFirst } from './find-runs.js'
import { FollowedRun } from './followed-run.js'
import type { Message, PlanOverview, RowsMessage, SeriesName } from './messages.js'
import type { Series } from './series.js'

/** Milliseconds between two looks at runs that write. */
const POLL = 150
/** Milliseconds between two looks at other runs, and for new ones. */
const SCAN = 1_000
/** Rows of one message. Whoever lacks more asks for `/api/series`. */
const FEW = 200

/** Follows all runs in a folder, or a run folder, by looking at its files again and again. */
export class FollowedFolder {
  readonly #folder: string
  readonly #send: (message: Message) => void
  readonly #runs = new Map<string, FollowedRun>()
  #plans: readonly PlanOverview[] = []

  /** `send` receives what changes. */
  constructor(folder: string, send: (message: Message) => void) {
    this.#folder = folder
    this.#send = send
  }

  get runs(): readonly FollowedRun[] {
    return [...this.#runs.values()]
  }

  get plans(): readonly PlanOverview[] {
    return this.#plans
  }

  run(id: string): FollowedRun | undefined {
    return this.#runs.get(id)
  }

  /** Follows until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    let scanned = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      const due = performance.now() - scanned >= SCAN
      if (due) {
        scanned = performance.now()
        await this.scan()
      }
      await Promise.all(this.runs.filter((run) => run.read && (due || run.lively)).map((run) => this.#poll(run)))
      // What is new may be long: it is read one after the other, so that the first is soon on the screen.
      for (const run of this.runs) if (!run.read && !signal.aborted) await this.#poll(run)
      // Then, one at a time, what a first look passed over.
      const thinned = this.runs.find((run) => run.read && run.thinned && run.unreadable === undefined)
      if (thinned === undefined) await sleep(POLL, undefined, { signal }).catch(() => {})
      else await this.#readWhole(thinned)
    }
  }

  /** Looks for new and removed runs and for plans of experiments. */
  async scan(): Promise<void> {
    const found = await findRuns(this.#folder)
    for (const id of this.#runs.keys()) {
      if (found.runs.includes(id)) continue
      this.#runs.delete(id)
      this.#send({ message: 'gone', run: id })
    }
    const fresh = found.runs.filter((id) => !this.#runs.has(id))
    // These are looked at first.
    for (const id of await latestFirst(this.#folder, fresh)) {
      this.#runs.set(id, new FollowedRun(id, join(this.#folder, id)))
    }
    if (isDeepStrictEqual(found.plans, this.#plans)) return
    this.#plans = found.plans
    this.#send({ message: 'plans', plans: found.plans })
  }

  async #poll(run: FollowedRun): Promise<void> {
    const before = [stateOf(run.log.epochs, run.log.generation), stateOf(run.steps.series, run.steps.generation)]
    if (!(await run.poll()) || !this.#runs.has(run.id)) return
    this.#sendRows(run.id, 'epochs', run.log.epochs, run.log.generation, before[0])
    this.#sendRows(run.id, 'steps', run.steps.series, run.steps.generation, before[1])
    this.#send({ message: 'run', run: run.overview() })
  }

  async #readWhole(run: FollowedRun): Promise<void> {
    await run.readWhole()
    if (this.#runs.has(run.id)) this.#send({ message: 'run', run: run.overview() })
  }

  #sendRows(run: string, name: SeriesName, series: Series, generation: number, before: SeriesState): void {
    const from = before.generation === generation ? before.rows : 0
    if (series.rows === from || series.rows - from > FEW) return
    this.#send(rowsMessage(run, name, series, generation, from))
  }
}

interface SeriesState {
  readonly generation: number
  readonly rows: number
}

function stateOf({ rows }: Series, generation: number): SeriesState {
  return { generation, rows }
}

function rowsMessage(run: string, series: SeriesName, of: Series, generation: number, from: number): RowsMessage {
  const columns = of.names
  const values = columns.map((name) => of.column(name, from) as Float32Array)
  const rows = Array.from({ length: of.rows - from }, (_, row) =>
    values.map((column) => (Number.isFinite(column[row]) ? column[row] : null)),
  )
  return { message: 'rows', run, series, generation, from, columns, rows }
}
