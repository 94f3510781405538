import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { exists } from '../base/files.js'
import { PLAN_FILE } from '../experiment/plan-file.js'
import { FollowedRun } from './followed-run.js'
import type { Message, PlanOverview, RowsMessage, SeriesName } from './messages.js'
import type { Series } from './series.js'
import { planOf } from './shapes.js'

/** Milliseconds between two looks at runs that write. */
const POLL = 150
/** Milliseconds between two looks at other runs, and for new ones. */
const SCAN = 1_000
/** Folders below the watched one that are looked into: `experiments/NAME/cells/CELL` and one more. */
const DEPTH = 5
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
    const found = await find(this.#folder)
    for (const id of this.#runs.keys()) {
      if (found.runs.includes(id)) continue
      this.#runs.delete(id)
      this.#send({ message: 'gone', run: id })
    }
    const fresh = found.runs
      .filter((id) => !this.#runs.has(id))
      .map((id) => new FollowedRun(id, join(this.#folder, id)))
    for (const run of await latestFirst(fresh)) this.#runs.set(run.id, run)
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

/** The runs and plans in a folder, by their paths below it. */
async function find(root: string): Promise<{ runs: string[]; plans: PlanOverview[] }> {
  const runs: string[] = []
  const plans: PlanOverview[] = []
  const look = async (folder: string, depth: number) => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const id = relative(root, folder) || '.'
    const has = (name: string) => entries.some((entry) => entry.name === name)
    if (has('config.yaml') && (has('events.jsonl') || has('checkpoint'))) {
      runs.push(id)
      return
    }
    if (has(PLAN_FILE) && has('cells')) plans.push(...(await readPlan(join(folder, PLAN_FILE), id)))
    if (depth === DEPTH) return
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') continue
      await look(join(folder, entry.name), depth + 1)
    }
  }
  await look(root, 0)
  return { runs, plans }
}

/** Runs by when they last wrote, the latest first: these are looked at first. */
async function latestFirst(runs: readonly FollowedRun[]): Promise<FollowedRun[]> {
  const timeOf = async ({ folder }: FollowedRun) =>
    (await stat(join(folder, 'events.jsonl')).catch(() => undefined))?.mtimeMs
  const timed = await Promise.all(runs.map(async (run) => ({ run, time: (await timeOf(run)) ?? 0 })))
  return timed.toSorted((a, b) => b.time - a.time).map(({ run }) => run)
}

async function readPlan(file: string, id: string): Promise<PlanOverview[]> {
  const plan = planOf(await readFile(file, 'utf8').catch(() => ''))
  return plan === undefined ? [] : [{ ...plan, id }]
}

/** Whether there is a folder at a place. */
export async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory()
}
