import { join } from 'node:path'
import { expected } from '../base/errors.js'
import { exists } from '../base/files.js'
import { assign } from '../config/assign.js'
import { type Config, EMBEDDED, type LoadOptions, loadConfig } from '../config/index.js'
import { isGroup, type Settings } from '../config/settings.js'
import { changedOutcome } from '../runs/continuation.js'
import { configFile, isRetrainingRun, savedConfig } from '../runs/saved-settings.js'

/** Settings groups that `rank` may change. */
export const RANK_GROUPS: readonly string[] = ['ranking', 'groundTruth']
/** Settings groups that `find` may change. */
export const FIND_GROUPS: readonly string[] = ['finding', ...RANK_GROUPS]

/**
 * The setting that names images which have moved. Other training images in their place are refused; other test images are
 * noticed, and all that was evaluated on those before is removed.
 */
export const MOVED = 'data.dir'

/** Settings of `ranking` that finding does not use. It shares the others, but not with a ranking that is there. */
const ONLY_OF_RANK = ['ranking.by', 'ranking.top', 'ranking.subModels', 'ranking.deIsomorphic']

/** Settings of a run, and its folder: `out` if the run is new, `resume` if it continues. */
export interface ChosenRun {
  readonly config: Config
  readonly out?: string
  readonly resume?: string
  /** Lines about default settings that were left out, and about settings of a run that change. */
  readonly notes: readonly string[]
}

/** Reads the options of `search` and `train`. */
export async function chooseRun(argv: {
  config?: string
  set?: string[]
  out?: string
  resume?: string
}): Promise<ChosenRun> {
  const { set, out, resume } = argv
  const file = argv.config ?? (resume === undefined ? undefined : await searchFile(resume))
  const notes: string[] = []
  const config = await loadConfig({ file, set, log: (line) => notes.push(line) })
  // A run continues with settings of ranking and finding that are not those that it has.
  if (resume !== undefined && argv.config !== undefined) {
    const changed = changedOutcome(await savedConfig(resume), config)
    if (changed.length > 0) notes.push(`The run continues with other settings: ${changed.join('; ')}`)
  }
  return { config, out, resume, notes }
}

/** Settings to rank a trained run; `set` may change {@link RANK_GROUPS}, and {@link MOVED}. */
export async function configToRank(run: string, set: string[] = []): Promise<Config> {
  checkGroups(set, RANK_GROUPS)
  return loadOfRun(run, { set })
}

/**
 * Settings to find the best sub-models of a trained run. The default algorithm is SPOS's evolution. `set` may change
 * {@link FIND_GROUPS}, and {@link MOVED}, but nothing of `ranking` if the run is ranked. If it names another algorithm,
 * the settings of the run's algorithm are dropped, except those that all algorithms share.
 */
export async function configToFind(run: string, set: string[] = []): Promise<Config> {
  checkGroups(set, FIND_GROUPS)
  const isRanked = await exists(join(run, 'ranking.csv'))
  const ofRank = set.find((setting) => {
    const name = setting.split('=', 1)[0].trim()
    return namesOf(setting).some((one) => ONLY_OF_RANK.includes(one)) || (isRanked && /^ranking(\.|$)/.test(name))
  })
  if (ofRank !== undefined) throw expected('a setting that find uses', '--set', `"${ofRank}"; rank RUN takes it`, 2)
  return loadOfRun(run, { set, defaults: { finding: { algorithm: 'evolution' } } })
}

/** The settings that an assignment names: `ranking={by: loss}` is one of `ranking.by`. */
function namesOf(setting: string): string[] {
  const assigned: Settings = {}
  assign(assigned, setting)
  const { ranking } = assigned
  return isGroup(ranking) ? Object.keys(ranking).map((key) => `ranking.${key}`) : []
}

async function loadOfRun(run: string, sources: LoadOptions & { set: string[] }): Promise<Config> {
  const file = await searchFile(run)
  const moved = sources.set.find((setting) => setting.split('=', 1)[0].trim() === MOVED)
  if (moved !== undefined && (await savedConfig(run)).data.format === EMBEDDED) {
    throw expected('no place of images, because those of this run come with the package,', '--set', `"${moved}"`, 2)
  }
  return loadConfig({ file, ...sources })
}

/** The settings file of a search's run; throws a UserError for any other folder. */
async function searchFile(run: string): Promise<string> {
  if (await isRetrainingRun(run)) throw expected('a run of a search', 'the run folder', `the retraining ${run}`, 2)
  return configFile(run)
}

function checkGroups(set: readonly string[], groups: readonly string[]): void {
  const isAllowed = (name: string) => name === MOVED || groups.includes(name.split('.', 1)[0])
  const other = set.find((setting) => !isAllowed(setting.split('=', 1)[0].trim()))
  if (other !== undefined) throw expected(`a setting of ${groups.join(' or ')}, or ${MOVED}`, '--set', `"${other}"`, 2)
}
