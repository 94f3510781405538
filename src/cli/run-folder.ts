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
  const { resume } = argv
  if (resume !== undefined) {
    if (argv.config === undefined && argv.set === undefined) return { config: await savedConfig(resume), resume }
    return { config: await loadConfig({ file: argv.config ?? savedConfigFile(resume), set: argv.set }), resume }
  }
  const config = await loadConfig({ file: argv.config, set: argv.set })
  return { config, out: argv.out ?? defaultFolder(config) }
}

/** The settings that a run folder was made with; `set` may change the named sections of them. */
export async function savedConfig(
  run: string,
  options: { set?: string[]; sections?: readonly string[] } = {},
): Promise<Config> {
  const { set = [], sections = [] } = options
  const outside = set.find((setting) => !sections.includes(setting.split(/[.=]/, 1)[0]))
  if (outside !== undefined) {
    throw new UserError(`Expected a setting of ${sections.join(' or ')} for --set but received "${outside}"`, 2)
  }
  return loadConfig({ file: savedConfigFile(run), set })
}

function savedConfigFile(run: string): string {
  const file = join(run, 'config.yaml')
  if (!existsSync(file)) throw new UserError(`Expected a run folder with a config.yaml but received ${run}`, 2)
  return file
}

/** `runs/<name>-<method>-seed<seed>-<local time>`, unique to the second. */
function defaultFolder(config: Config): string {
  const now = new Date()
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
  const stamp = local.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  return join('runs', `${config.name}-${config.method.name}-seed${config.seed}-${stamp}`)
}
