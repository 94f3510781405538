/**
 * The folder of one run:
 *
 * - `config.yaml`: the settings, resolved. A folder without it is no run.
 * - `events.jsonl`: one JSON object per line: the start, every epoch, the result.
 * - `progress.json`, `steps.jsonl`: see `progress.ts`.
 * - `checkpoint/`: see `checkpoint.ts`.
 * - `import.json`: source and report of imported weights; absent if the run did not begin with such weights.
 * - `evaluated.jsonl`: sub-models evaluated by the ranking and by finding.
 * - `evaluated-finding.jsonl`: sub-models evaluated by finding, if it evaluates differently from the ranking.
 * - `latency.jsonl`: measured latencies of sub-models.
 * - `ranking.csv`, `found.csv`, `summary.json`: the results.
 * - `best.safetensors`: in a retraining, the weights of the epoch that was best on test images.
 * - `writer.lock`: see `run-lock.ts`.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { append, exists, makeFolder, readText, shorten, sizeOf } from '../base/files.js'
import type { HeldLock } from '../base/lock.js'
import { isOfOtherData, namesEmbeddedTable, withoutTruth } from '../config/embedded.js'
import {
  type Config,
  type ConfigInput,
  isRetraining,
  parseConfig,
  parseRetrainConfig,
  type RetrainConfig,
  type RetrainInput,
} from '../config/index.js'
import { isGroup } from '../config/settings.js'
import type { Snapshot } from '../training/snapshot.js'
import { type Checkpoint, type Identity, readCheckpoint, recoverCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { DiscardedEvent } from './computed-from.js'
import type { SearchResult } from './result.js'
import { checkUnlocked, LOCK, lockRun } from './run-lock.js'
import { changedOrigin, mergeResults } from './summary.js'

/** File of a retraining's best weights in its run folder. */
export const BEST_WEIGHTS = 'best.safetensors'

/** Settings that may differ when a run continues, because they do not change training. */
const CHANGEABLE = new Set([
  'name',
  'threads',
  'data.dir',
  'training.checkpointSeconds',
  'ranking',
  'finding',
  'groundTruth',
])

/** A run folder that this process may write to: it holds the folder's lock until it disposes of the object. */
export class RunFolder implements AsyncDisposable {
  readonly path: string
  readonly #lock: HeldLock
  readonly #release: boolean

  private constructor(path: string, lock: HeldLock, release: boolean) {
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

  /** Aborted, with a reason, if another process took the lock over. Writing throws that reason then. */
  get lost(): AbortSignal {
    return this.#lock.lost
  }

  /**
   * Continues a run. Events after the checkpoint are cut from the event log. Resolves to undefined if there is no
   * checkpoint: the run starts from its beginning.
   *
   * @throws UserError for settings, space, method or images that are not the run's.
   */
  async resume(config: Config | RetrainConfig, identity: Identity): Promise<Snapshot | undefined> {
    this.lost.throwIfAborted()
    const saved = isRetraining(config) ? await savedRetraining(this.path) : await savedConfig(this.path)
    checkSettings(saved, config)
    await recoverCheckpoint(this.file('checkpoint'))
    const checkpoint = await readCheckpoint(this.file('checkpoint'))
    if (checkpoint !== undefined) checkIdentity(checkpoint, identity, this.path)
    // Its weights are lost. The run must not start from random ones instead.
    else if (await exists(this.file('import.json'))) throw brokenOff(this.path)
    // The log is cut first: if the process dies, a result at its end never stands beside settings of another one.
    await shorten(this.file('events.jsonl'), checkpoint?.logBytes ?? 0)
    await this.writeConfig(config)
    return checkpoint?.snapshot
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Writes a file as a whole. */
  write(name: string, text: string): Promise<void> {
    this.lost.throwIfAborted()
    return writeAtomically(this.file(name), text)
  }

  /** Writes the file that makes the folder a run. */
  writeConfig(config: Config | RetrainConfig): Promise<void> {
    return this.write('config.yaml', stringify(config))
  }

  async log(event: { readonly event: string }): Promise<void> {
    this.lost.throwIfAborted()
    await append(this.file('events.jsonl'), `${JSON.stringify(event)}\n`)
  }

  /** The events of a kind in the log, in order. */
  async loggedEvents<Event extends { readonly event: string }>(kind: Event['event']): Promise<Event[]> {
    return eventsOf<Event>(this.path, kind)
  }

  async save(snapshot: Snapshot, identity: Identity): Promise<void> {
    this.lost.throwIfAborted()
    const logBytes = await sizeOf(this.file('events.jsonl'))
    await writeCheckpoint(this.file('checkpoint'), { snapshot, identity, logBytes })
  }

  /**
   * Writes `summary.json`. Results in an earlier summary are kept if `result` lacks them and they were computed from the
   * same images, weights and ground truth. Otherwise their tables are removed too. Resolves to what was removed.
   */
  async writeSummary(result: SearchResult): Promise<DiscardedEvent[]> {
    const text = await readText(this.file('summary.json'))
    const earlier = text === '' ? undefined : (JSON.parse(text) as SearchResult)
    const merged = mergeResults(earlier, result)
    const changed = earlier === undefined ? ['rule'] : changedOrigin(earlier, result)
    const discarded: DiscardedEvent[] = []
    for (const [file, kept] of [
      ['ranking.csv', merged.ranked > 0],
      ['found.csv', merged.found !== undefined],
    ] as const) {
      if (kept || !(await exists(this.file(file)))) continue
      this.lost.throwIfAborted()
      await rm(this.file(file))
      discarded.push({ event: 'discarded', file, changed })
    }
    await this.write('summary.json', `${JSON.stringify(merged, null, 2)}\n`)
    return discarded
  }

  /** Releases the lock, unless the caller holds it. A second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#release) await this.#lock.release()
  }
}

/** Files in a folder beside the lock; none if there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name !== LOCK)
}

/** Throws a UserError unless `names` are at most the unfinished `config.yaml` of a process that died. */
function checkNew(folder: string, names: readonly string[]): void {
  const first = names.find((name) => !/^config\.yaml\.\d+\.tmp$/.test(name))
  if (first === undefined) return
  if (names.includes('import.json') && !names.includes('config.yaml')) throw brokenOff(folder)
  throw expected('a new or empty folder', '--out', `${folder}, which holds ${first}; --resume continues a run`, 2)
}

function brokenOff(folder: string): UserError {
  return new UserError(
    `Expected a run but received ${folder}, whose import was broken off; remove the folder and import again`,
    2,
  )
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

/**
 * The settings that a run was last opened with; throws a UserError for a folder that is no run. Runs of earlier versions
 * may name the embedded table beside other data: it is left out.
 */
export async function savedConfig(path: string): Promise<Config> {
  const settings = await savedSettings(path)
  if (isGroup(settings) && isRetraining(settings))
    throw expected('a run of a search', 'the run folder', `the retraining ${path}`, 2)
  if (!isGroup(settings) || !namesEmbeddedTable(settings) || !isOfOtherData(settings)) {
    return parseConfig(settings as ConfigInput)
  }
  return parseConfig(withoutTruth(settings))
}

/** The settings that a retraining was last opened with; throws a UserError for a folder that is none. */
export async function savedRetraining(path: string): Promise<RetrainConfig> {
  const settings = await savedSettings(path)
  if (isGroup(settings) && isRetraining(settings)) return parseRetrainConfig(settings as RetrainInput)
  throw expected('a run of a retraining', 'the run folder', `the search ${path}`, 2)
}

/** True if a run is a retraining; throws a UserError for a folder that is no run. */
export async function isRetrainingRun(path: string): Promise<boolean> {
  const settings = await savedSettings(path)
  return isGroup(settings) && isRetraining(settings)
}

/** The events of a kind in the log of a run, in order. A line torn by a kill is left out. */
export async function eventsOf<Event extends { readonly event: string }>(
  path: string,
  kind: Event['event'],
): Promise<Event[]> {
  const text = await readText(join(path, 'events.jsonl'))
  const complete = text.split('\n').slice(0, -1)
  return complete.map((line) => JSON.parse(line) as Event).filter(({ event }) => event === kind)
}

async function savedSettings(path: string): Promise<unknown> {
  return parse(await readFile(await configFile(path), 'utf8'))
}

/** The settings file of a run; throws a UserError for a folder that is no run. */
export async function configFile(path: string): Promise<string> {
  const file = join(path, 'config.yaml')
  if (await exists(file)) return file
  if (await exists(join(path, 'import.json'))) throw brokenOff(path)
  throw new UserError(`Expected a run folder with a config.yaml but received ${path}`, 2)
}

/** Differences in settings that a run must keep, one phrase per setting. */
export function settingDifferences(saved: Config | RetrainConfig, config: Config | RetrainConfig): string[] {
  return differences(saved, config, '').map(
    ({ key, saved, received }) => `${key}: ${show(saved)}, not ${show(received)}`,
  )
}

function checkSettings(saved: Config | RetrainConfig, config: Config | RetrainConfig): void {
  const sentences = settingDifferences(saved, config)
  if (sentences.length === 0) return
  throw new UserError(
    `Expected the settings that the run was started with but received others: ${sentences.join('; ')}`,
    2,
  )
}

function differences(
  saved: unknown,
  received: unknown,
  key: string,
): { key: string; saved: unknown; received: unknown }[] {
  if (CHANGEABLE.has(key) || isDeepStrictEqual(saved, received)) return []
  if (!isGroup(saved) || !isGroup(received)) return [{ key, saved, received }]
  const keys = new Set([...Object.keys(saved), ...Object.keys(received)])
  return [...keys].flatMap((name) => differences(saved[name], received[name], key === '' ? name : `${key}.${name}`))
}

/** Throws a UserError unless space, method and images are those of the run at `path`. */
export function checkIdentity(
  { identity: saved }: Pick<Checkpoint, 'identity'>,
  current: Identity,
  path: string,
): void {
  if (saved.trainingImages === undefined) {
    const received = 'one of an earlier version, which knows their labels only; import takes its weights to a new run'
    throw new UserError(`Expected a checkpoint that knows its training images in ${path} but received ${received}`)
  }
  if (saved.space !== current.space || saved.spaceDigest !== current.spaceDigest) {
    const received = saved.space === current.space ? `one of another ${saved.space}` : `one of ${saved.space}`
    throw new UserError(`Expected a checkpoint of this ${current.space} in ${path} but received ${received}`)
  }
  if (saved.method !== current.method) {
    const name = (method: string | undefined) => method ?? 'the method that the settings name'
    throw new UserError(
      `Expected a checkpoint of ${name(current.method)} in ${path} but received ${name(saved.method)}`,
    )
  }
  if (saved.trainingImages !== current.trainingImages) {
    throw new UserError(`Expected the training images that ${path} was started with but received others`)
  }
  if (saved.testImages !== current.testImages) {
    throw new UserError(`Expected the test images that ${path} was started with but received others`)
  }
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
