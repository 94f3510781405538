import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.js'
import { SHARED_FINDING_SETTINGS } from '../config/finding.js'
import { type Config, loadConfig } from '../config/index.js'
import { savedConfig } from '../runs/run-folder.js'

export interface Choice {
  readonly config: Config
  readonly out?: string
  readonly resume?: string
}

/** Settings and run folder from the options of `search` and `train`: a new run, or one to continue. */
export async function chooseRun(argv: {
  config?: string
  set?: string[]
  out?: string
  resume?: string
}): Promise<Choice> {
  const { set, out, resume } = argv
  const file = argv.config ?? (resume === undefined ? undefined : savedConfigFile(resume))
  return { config: await loadConfig({ file, set }), out, resume }
}

/** The settings of a trained run; `set` may change what concerns its ranking. */
export async function configToRank(run: string, set: string[] = []): Promise<Config> {
  checkGroups(set, ['ranking', 'groundTruth'])
  return loadConfig({ file: savedConfigFile(run), set })
}

/**
 * The settings of a trained run with those to search its sub-models: SPOS's evolution where neither the run nor `set`
 * names an algorithm. `set` may change what concerns the evaluation and the search; another algorithm leaves the settings
 * of the run's own behind.
 */
export async function configToFind(run: string, set: string[] = []): Promise<Config> {
  checkGroups(set, ['finding', 'ranking', 'groundTruth'])
  const file = savedConfigFile(run)
  const { finding } = await savedConfig(run)
  const changes = set.some((setting) => /^finding[.]algorithm=/.test(setting))
  const shared = Object.entries(finding ?? {}).filter(([name]) => SHARED_FINDING_SETTINGS.includes(name))
  const kept = changes && finding ? [`finding=${JSON.stringify(Object.fromEntries(shared))}`] : []
  return loadConfig({ file, set: [...kept, ...set], defaults: { finding: { algorithm: 'evolution' } } })
}

function checkGroups(set: readonly string[], groups: readonly string[]): void {
  const outside = set.find((setting) => !groups.includes(setting.split(/[.=]/, 1)[0]))
  if (outside === undefined) return
  throw new UserError(`Expected a setting of ${groups.join(' or ')} for --set but received "${outside}"`, 2)
}

function savedConfigFile(run: string): string {
  const file = join(run, 'config.yaml')
  if (!existsSync(file)) throw new UserError(`Expected a run folder with a config.yaml but received ${run}`, 2)
  return file
}
