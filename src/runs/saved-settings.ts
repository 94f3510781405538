/** The settings of a run, `config.yaml` in its folder. A folder without it is no run. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
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
import { isGroup, type Settings } from '../config/settings.js'
import { readYaml } from '../config/yaml.js'
import { LOCK } from './run-lock.js'

/**
 * The settings that a run was last opened with; throws a UserError for a folder that is no run. Runs of earlier versions
 * may name the embedded table beside other data: it is left out.
 */
export async function savedConfig(path: string): Promise<Config> {
  const settings = await savedSettings(path)
  if (isRetraining(settings)) throw expected('a run of a search', 'the run folder', `the retraining ${path}`, 2)
  const stale = namesEmbeddedTable(settings) && isOfOtherData(settings)
  return checked(path, () => parseConfig(stale ? withoutTruth(settings) : (settings as ConfigInput)))
}

/** The settings that a retraining was last opened with; throws a UserError for a folder that is none. */
export async function savedRetraining(path: string): Promise<RetrainConfig> {
  const settings = await savedSettings(path)
  if (isRetraining(settings)) return checked(path, () => parseRetrainConfig(settings as RetrainInput))
  throw expected('a run of a retraining', 'the run folder', `the search ${path}`, 2)
}

/** True if a run is a retraining; throws a UserError for a folder that is no run. */
export async function isRetrainingRun(path: string): Promise<boolean> {
  return isRetraining(await savedSettings(path))
}

/**
 * The settings in the file of a run, before they are checked.
 *
 * @throws UserError for a folder that is no run, and for a file that is damaged; it names the file.
 */
export async function savedSettings(path: string): Promise<Settings> {
  const file = await configFile(path)
  const settings = await readYaml(file, 'the run')
  if (isGroup(settings)) return settings
  throw expected('a group of settings', file, settings === null ? 'an empty file' : JSON.stringify(settings), 2)
}

/** Checks settings of a run; errors say which file has them. */
function checked<Kind>(path: string, check: () => Kind): Kind {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message}; the settings are those of ${join(path, 'config.yaml')}`, error.exitCode)
  }
}

/** The settings file of a run; throws a UserError for a folder that is no run. */
export async function configFile(path: string): Promise<string> {
  const file = join(path, 'config.yaml')
  if (await exists(file)) return file
  if (await exists(join(path, 'import.json'))) throw brokenOff(path)
  const names = await readdir(path).catch(() => undefined)
  const advice = ', in which no run has begun; search or retrain with --out begins one'
  const absent = (await exists(path)) ? await runIn(path, names) : ', which does not exist'
  const state = names !== undefined && hasNotBegun(names) ? advice : absent
  throw new UserError(`Expected a run folder with a config.yaml but received ${path}${state}`, 2)
}

/** Names a run in a folder that is none itself, if there is one. */
async function runIn(path: string, names: readonly string[] = []): Promise<string> {
  for (const name of names.toSorted()) {
    if (await exists(join(path, name, 'config.yaml'))) return `, which holds runs, such as ${join(path, name)}`
  }
  return ''
}

/** For a run that should begin with given weights, whose process died before it had them. */
export function brokenOff(folder: string): UserError {
  return new UserError(
    `Expected a run but received ${folder}, which lacks the weights that it should begin with, because its process ended; remove the folder and begin again`,
    2,
  )
}

/** True if files in a folder are at most what a process that died at once left of its first one. */
export function hasNotBegun(names: readonly string[]): boolean {
  return names.every((name) => name === LOCK || /^(config\.yaml|import\.json)\.[\da-f-]+\.tmp$/.test(name))
}
