/**
 * The folder of one run:
 *
 * - `config.yaml`: the settings, resolved. A folder without it is no run.
 * - `events.jsonl`: one JSON object per line: the start, every epoch, the result or why there is none (`stopped.ts`).
 * - `progress.json`, `steps.jsonl`: see `progress.ts`.
 * - `checkpoint/`: see `checkpoint.ts`.
 * - `import.json`: source and report of imported weights; absent if the run did not begin with such weights.
 * - `evaluated.jsonl`: sub-models evaluated by the ranking and by finding.
 * - `evaluated-finding.jsonl`: sub-models evaluated by finding, if it evaluates differently from the ranking.
 * - `latency.jsonl`: measured latencies of sub-models.
 * - `ranking.csv`, `found.csv`, `summary.json`: the results.
 * - `best.safetensors`: in a retraining, the weights of the epoch that was best on test images.
 * - `tensorboard/`: an event file of TensorBoard, if `logging.tensorboard` is true.
 * - `writer.lock`: see `run-lock.ts`.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { exists, makeFolder, makeNewFolder, sizeOf, syncFolder } from '../base/files.js'
import type { HeldLock } from '../base/lock.js'
import { type Config, isRetraining, type RetrainConfig } from '../config/index.js'
import type { Snapshot } from '../training/snapshot.js'
import { type Identity, readCheckpoint, recoverCheckpoint, rememberLogBytes, writeCheckpoint } from './checkpoint.js'
import type { DiscardedEvent } from './computed-from.js'
import { checkIdentity, checkSettings, checkTrained } from './continuation.js'
import { EVALUATED, EVALUATED_BY_FINDING } from './evaluated.js'
import { cutLog, EVENT_LOG, logEvent, syncLog } from './event-log.js'
import { PROGRESS_FILE, STEPS_FILE } from './progress.js'
import type { SearchResult } from './result.js'
import { isSearchResult } from './result-shape.js'
import { checkUnlocked, LOCK, lockRun } from './run-lock.js'
import { brokenOff, configFile, hasNotBegun, savedConfig, savedRetraining } from './saved-settings.js'
import { type ChangingSettings, recalibratesOtherwise, settingsOfResults } from './settings-of-results.js'
import { changedOrigin, mergeResults, readSummary, SUMMARY } from './summary.js'

/** File of a retraining's best weights in its run folder. */
export const BEST_WEIGHTS = 'best.safetensors'

/** True for the name of a file that a run writes itself, beside its checkpoint. */
export function isOwnFile(name: string): boolean {
  return OWN_FILES.has(name)
}

const OWN_FILES: ReadonlySet<string> = new Set([
  ...['config.yaml', EVENT_LOG, SUMMARY, BEST_WEIGHTS, LOCK, PROGRESS_FILE, STEPS_FILE],
  ...['import.json', EVALUATED, EVALUATED_BY_FINDING, 'latency.jsonl', 'ranking.csv', 'found.csv'],
])

/** A run folder that this process may write to: it holds the folder's lock until it disposes of the object. */
export class RunFolder implements AsyncDisposable {
  readonly path: string
  /** Undefined if this process only watches the run, which another one writes. */
  readonly #lock: HeldLock | undefined
  readonly #release: boolean
  #changing: ChangingSettings | undefined

  private constructor(path: string, lock: HeldLock | undefined, release: boolean) {
    this.path = path
    this.#lock = lock
    this.#release = release
  }

  /**
   * Makes a new folder or takes an empty one. It is a run once {@link writeConfig} has been called. `held` is the
   * folder's lock, if the caller has taken it and will release it.
   *
   * @throws UserError for a folder that holds files or that another process works on, and for a place that cannot be
   *   written to.
   */
  static async create(path: string, held?: HeldLock): Promise<RunFolder> {
    await makeFolder(path)
    if (held === undefined) await RunFolder.checkFree(path)
    const run = new RunFolder(path, held ?? (await lockRun(path)), held === undefined)
    try {
      const names = await namesIn(path)
      checkNew(path, names)
      // The process that wrote these files is dead, because it does not hold the lock.
      for (const name of names) await rm(run.file(name))
    } catch (error) {
      await run[Symbol.asyncDispose]()
      throw error
    }
    return run
  }

  /** Throws what {@link create} throws for a folder that is in use, and changes nothing. */
  static async checkFree(path: string): Promise<void> {
    await checkUnlocked(path)
    checkNew(path, await namesIn(path))
  }

  /**
   * Opens a run that exists. `held` is as in {@link create}.
   *
   * @throws UserError for a folder that is no run, and for one that another process works on.
   */
  static async open(path: string, held?: HeldLock): Promise<RunFolder> {
    await configFile(path)
    return new RunFolder(path, held ?? (await lockRun(path)), held === undefined)
  }

  /** The same, for a caller that will {@link resume} it: it throws what that throws for settings that are not the run's. */
  static async openWith(path: string, config: Config | RetrainConfig, held?: HeldLock): Promise<RunFolder> {
    const run = await RunFolder.open(path, held)
    try {
      await run.#checkSettings(config)
      return run
    } catch (error) {
      await run[Symbol.asyncDispose]()
      throw error
    }
  }

  /**
   * A run that another process of the same training writes. All that writes does nothing, and {@link resume} only reads.
   */
  static watched(path: string): RunFolder {
    return new RunFolder(path, undefined, false)
  }

  /** Aborted, with a reason, if another process took the lock over. Writing throws that reason then. */
  get lost(): AbortSignal {
    return this.#lock?.lost ?? NEVER
  }

  /**
   * Continues a run. Events after the checkpoint are cut from the event log. No snapshot if there is no checkpoint: the
   * run starts from its beginning, if it is to `train`: other phases need a checkpoint. `discarded` says that events from
   * before the checkpoint are lost. If the run has results, `config.yaml` keeps their settings until there are new ones.
   *
   * @throws UserError for settings, space, method or images that are not the run's.
   */
  async resume(
    config: Config | RetrainConfig,
    identity: Identity,
    phase = 'train',
  ): Promise<{ readonly snapshot?: Snapshot; readonly discarded: readonly DiscardedEvent[] }> {
    this.lost.throwIfAborted()
    if (this.#lock === undefined) {
      const checkpoint = await readCheckpoint(this.file('checkpoint'))
      return { snapshot: checkpoint?.snapshot, discarded: [] }
    }
    const saved = await this.#checkSettings(config)
    await recoverCheckpoint(this.file('checkpoint'))
    const checkpoint = await readCheckpoint(this.file('checkpoint'))
    if (checkpoint !== undefined) {
      checkTrained(checkpoint, config, this.path)
      checkIdentity(checkpoint, identity, this.path)
    }
    // Its weights are lost. The run must not start from random ones instead.
    else if (await exists(this.file('import.json'))) throw brokenOff(this.path)
    // Its training has ended. To train again would replace its results.
    else if (await exists(this.file(SUMMARY))) {
      throw new UserError(`Expected the checkpoint of a run that has ended, in ${this.path}, but received none`)
    }
    if (checkpoint === undefined && phase !== 'train') {
      throw new UserError(`Expected a run with a checkpoint to ${phase} but received ${this.path}`)
    }
    // The log is cut first: if the process dies, a result at its end never stands beside settings of another one.
    const logBytes = await cutLog(this.path, checkpoint?.logBytes ?? 0)
    if (!isRetraining(config) && (await exists(this.file(SUMMARY)))) {
      this.#changing = { before: saved as Config, next: config as Config }
    } else await this.writeConfig(config)
    if (checkpoint === undefined || logBytes === checkpoint.logBytes) {
      return { snapshot: checkpoint?.snapshot, discarded: [] }
    }
    await rememberLogBytes(this.file('checkpoint'), logBytes)
    return { snapshot: checkpoint.snapshot, discarded: [{ event: 'discarded', file: EVENT_LOG, changed: ['damage'] }] }
  }

  /** The settings in the folder. Throws a UserError unless it can be continued with `config`. */
  async #checkSettings(config: Config | RetrainConfig): Promise<Config | RetrainConfig> {
    const saved = isRetraining(config) ? await savedRetraining(this.path) : await savedConfig(this.path)
    checkSettings(saved, config, this.path)
    return saved
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** A file of records; undefined if another process writes it. */
  recordFile(name: string): string | undefined {
    return this.#lock === undefined ? undefined : this.file(name)
  }

  /** Writes a file as a whole. */
  async write(name: string, text: string): Promise<void> {
    this.lost.throwIfAborted()
    if (this.#lock === undefined) return
    await writeAtomically(this.file(name), text)
  }

  /** Writes the file that makes the folder a run. */
  writeConfig(config: Config | RetrainConfig): Promise<void> {
    return this.write('config.yaml', stringify(config))
  }

  /** Logs the first event, unless the log has one. */
  async logStart(event: { readonly event: string }): Promise<void> {
    if (this.#lock !== undefined && (await sizeOf(this.file(EVENT_LOG))) === 0) await this.log(event)
  }

  async log(event: { readonly event: string }): Promise<void> {
    this.lost.throwIfAborted()
    if (this.#lock !== undefined) await logEvent(this.path, event)
  }

  /** Replaces the checkpoint. When it has its name, all that it counts on is on the disk. */
  async save(snapshot: Snapshot, identity: Identity, settings: Config | RetrainConfig): Promise<void> {
    this.lost.throwIfAborted()
    if (this.#lock === undefined) return
    const logBytes = await syncLog(this.path)
    await syncFolder(this.path)
    await writeCheckpoint(this.file('checkpoint'), { snapshot, identity, logBytes, settings })
  }

  /**
   * Writes `tables`, which are texts by the names of files, and `summary.json`. Results in an earlier summary are kept if
   * `result` lacks them and they were computed from the same images, weights and ground truth. If each path has running
   * statistics of its own (`recalibrates`), these must have been estimated in the same way. Otherwise their tables are
   * removed too. A summary that is damaged counts as none. Resolves to what was written, and to what was removed.
   */
  async writeResults(
    result: SearchResult,
    tables: Readonly<Record<string, string>>,
    { recalibrates }: { readonly recalibrates: boolean },
  ): Promise<{ merged: SearchResult; discarded: DiscardedEvent[] }> {
    if (this.#lock === undefined) return { merged: result, discarded: [] }
    const { summary: earlier, damaged } = await readSummary(this.path, isSearchResult)
    const recalibrated = recalibrates && this.#changing !== undefined && recalibratesOtherwise(this.#changing)
    const merged = mergeResults(recalibrated ? undefined : earlier, result)
    for (const [name, text] of Object.entries(tables)) await this.write(name, text)
    if (this.#changing !== undefined) {
      const kept = {
        ranking: result.ranked === 0 && merged.ranked > 0,
        found: result.found === undefined && merged.found !== undefined,
      }
      await this.writeConfig(settingsOfResults(this.#changing, kept, merged))
    }
    const ofOrigin = earlier === undefined ? ['rule'] : changedOrigin(earlier, result)
    const changed = damaged ? ['damage'] : [...ofOrigin, ...(recalibrated ? ['recalibration'] : [])]
    const discarded: DiscardedEvent[] = damaged ? [{ event: 'discarded', file: SUMMARY, changed }] : []
    for (const [file, kept] of [
      ['ranking.csv', merged.ranked > 0],
      ['found.csv', merged.found !== undefined],
    ] as const) {
      if (kept || !(await exists(this.file(file)))) continue
      this.lost.throwIfAborted()
      await rm(this.file(file))
      // The summary says what a table was made from.
      discarded.push({ event: 'discarded', file, changed: damaged ? ['summary'] : changed })
    }
    await this.write(SUMMARY, `${JSON.stringify(merged, null, 2)}\n`)
    return { merged, discarded }
  }

  /** Releases the lock, unless the caller holds it. A second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#release) await this.#lock?.release()
  }
}

const NEVER = new AbortController().signal

/** Files in a folder beside the lock; none if there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name !== LOCK)
}

/**
 * Makes the folder of {@link defaultRunFolder} and returns its path. If there is one already, because another run began in
 * the same second, `-2`, `-3` … is added.
 */
export async function makeDefaultRunFolder(settings: Parameters<typeof defaultRunFolder>[0]): Promise<string> {
  const path = defaultRunFolder(settings)
  for (let count = 1; ; count++) {
    const free = count === 1 ? path : `${path}-${count}`
    if (await makeNewFolder(free)) return free
  }
}

/** Throws a UserError if `names` are of a run, of an import that was broken off, or of something else. */
function checkNew(folder: string, names: readonly string[]): void {
  if (hasNotBegun(names)) return
  const isRun = names.includes('config.yaml')
  if (names.includes('import.json') && !isRun) throw brokenOff(folder)
  const advice = isRun ? '--resume continues a run' : 'choose another'
  throw expected('a new or empty folder', '--out', `${folder}, which holds ${names[0]}; ${advice}`, 2)
}

/** `runs/<name>-<method>-seed<seed>-<local time>`. */
export function defaultRunFolder({
  name,
  method,
  seed,
}: Pick<Config, 'name' | 'seed'> & { readonly method: { readonly name: string } }): string {
  const now = new Date()
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
  const stamp = local.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  return join('runs', `${name}-${method.name}-seed${seed}-${stamp}`)
}
