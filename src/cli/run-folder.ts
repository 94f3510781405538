import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.js'
import { type Config, loadConfig } from '../index.js'

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
  const outside = set.find((setting) => !/^(ranking|groundTruth)[.=]/.test(setting))
  if (outside !== undefined) {
    throw new UserError(`Expected a setting of ranking or groundTruth for --set but received "${outside}"`, 2)
  }
  return loadConfig({ file: savedConfigFile(run), set })
}

function savedConfigFile(run: string): string {
  const file = join(run, 'config.yaml')
  if (!existsSync(file)) throw new UserError(`Expected a run folder with a config.yaml but received ${run}`, 2)
  return file
}
