/**
 * The folder of one run:
 *
 * - `config.yaml`: the settings, resolved.
 * - `events.jsonl`: one JSON object per line: the start, every epoch, the result.
 * - `checkpoint/`: see `checkpoint.ts`.
 * - `import.json`: source and report of imported weights; absent if the run did not begin with such weights.
 * - `evaluated.jsonl`: sub-models evaluated by the ranking and by finding.
 * - `evaluated-finding.jsonl`: sub-models evaluated by finding, if it evaluates differently from the ranking.
 * - `latency.jsonl`: measured latencies of sub-models.
 * - `ranking.csv`, `found.csv`, `summary.json`: the results.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { append, exists, makeFolder, readText, shorten, sizeOf } from '../base/files.js'
import { isOfOtherData, namesEmbeddedTable, withoutTruth } from '../config/embedded.js'
import { type Config, type ConfigInput, parseConfig } from '../config/index.js'
import { isGroup } from '../config/settings.js'
import type { Snapshot } from '../training/snapshot.js'
import { type Checkpoint, type Identity, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { SearchResult } from './result.js'
import { mergeResults } from './summary.js'

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

export class RunFolder {
  readonly path: string
  readonly #identity: Identity

  private constructor(path: string, identity: Identity) {
    this.path = path
    this.#identity = identity
  }

  /**
   * Starts a run in a new or empty folder.
   *
   * @throws UserError for a folder that holds files, and for a place that cannot be written to.
   */
  static async create(path: string, config: Config, identity: Identity): Promise<RunFolder> {
    await makeFolder(path)
    const [first] = await readdir(path)
    if (first !== undefined) {
      const received = `${path}, which holds ${first}; --resume continues a run`
      throw expected('a new or empty folder', '--out', received, 2)
    }
    const run = new RunFolder(path, identity)
    await writeAtomically(run.file('config.yaml'), stringify(config))
    return run
  }

  /**
   * Opens a run to continue it. Events after the checkpoint are cut from the event log. Without a checkpoint the run
   * starts from its beginning.
   *
   * @throws UserError for a folder that is no run, and for settings, space, method or images that are not the run's.
   */
  static async open(
    path: string,
    config: Config,
    identity: Identity,
  ): Promise<{ run: RunFolder; from: Snapshot | undefined }> {
    const run = new RunFolder(path, identity)
    checkSettings(await savedConfig(path), config)
    const checkpoint = await readCheckpoint(run.file('checkpoint'))
    if (checkpoint !== undefined) checkIdentity(checkpoint, identity, path)
    // The log is cut first: if the process dies, a result at its end never stands beside settings of another one.
    await shorten(run.file('events.jsonl'), checkpoint?.logBytes ?? 0)
    await writeAtomically(run.file('config.yaml'), stringify(config))
    return { run, from: checkpoint?.snapshot }
  }

  file(name: string): string {
    return join(this.path, name)
  }

  log(event: { readonly event: string }): Promise<void> {
    return append(this.file('events.jsonl'), `${JSON.stringify(event)}\n`)
  }

  async save(snapshot: Snapshot): Promise<void> {
    const logBytes = await sizeOf(this.file('events.jsonl'))
    await writeCheckpoint(this.file('checkpoint'), { snapshot, identity: this.#identity, logBytes })
  }

  /** Writes `summary.json`. Results in an earlier summary of the same training are kept if `result` lacks them. */
  async writeSummary(result: SearchResult): Promise<void> {
    const file = this.file('summary.json')
    const text = await readText(file)
    const earlier = text === '' ? undefined : (JSON.parse(text) as SearchResult)
    await writeAtomically(file, `${JSON.stringify(mergeResults(earlier, result), null, 2)}\n`)
  }
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
  const file = join(path, 'config.yaml')
  if (!(await exists(file))) throw new UserError(`Expected a run folder with a config.yaml but received ${path}`, 2)
  const settings: unknown = parse(await readFile(file, 'utf8'))
  if (!isGroup(settings) || !namesEmbeddedTable(settings) || !isOfOtherData(settings))
    return parseConfig(settings as ConfigInput)
  return parseConfig(withoutTruth(settings))
}

/** Differences in settings that a run must keep, one phrase per setting. */
export function settingDifferences(saved: Config, config: Config): string[] {
  return differences(saved, config, '').map(
    ({ key, saved, received }) => `${key}: ${show(saved)}, not ${show(received)}`,
  )
}

function checkSettings(saved: Config, config: Config): void {
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

function checkIdentity({ identity: saved }: Checkpoint, current: Identity, path: string): void {
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
  if (saved.dataDigest !== current.dataDigest) {
    throw new UserError(`Expected the training images that ${path} was started with but received others`)
  }
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
