/** Settings from a YAML file, `--set` and code, checked together; every problem is reported at once. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import { UserError } from '../errors.js'
import { describeProblems, expected } from './problems.js'
import { type Config, type ConfigInput, configSchema, EMBEDDED } from './schema.js'

export * from './schema.js'

/** The search of the embedded data, which runs where no file is named. */
export const DEFAULT_CONFIG = fileURLToPath(new URL('../../configs/nasbench201-fashion.yaml', import.meta.url))

export interface LoadOptions {
  /** YAML file; default {@link DEFAULT_CONFIG}. Paths in it are relative to it. */
  readonly file?: string
  /** Settings written `key.of.setting=value`, with YAML values. Paths in them are relative to the working directory. */
  readonly set?: readonly string[]
  /** Settings that win over both. */
  readonly overrides?: ConfigInput
  /** Settings for what the file leaves out, in the place of the usual defaults. */
  readonly defaults?: ConfigInput
}

/**
 * Reads, merges and checks settings.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export async function loadConfig({
  file = DEFAULT_CONFIG,
  set = [],
  overrides = {},
  defaults = {},
}: LoadOptions = {}): Promise<Config> {
  const written = await readSettings(file)
  resolvePaths(written, dirname(resolve(file)))
  const settings: Settings = structuredClone(defaults)
  merge(settings, written)
  settings.name ??= basename(file, extname(file))
  for (const assignment of set) assign(settings, assignment)
  merge(settings, overrides)
  resolvePaths(settings, process.cwd())
  return check(settings, file)
}

/**
 * Checks settings given in code and fills in every default.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function parseConfig(settings: ConfigInput): Config {
  return check(settings, 'the configuration')
}

type Settings = Record<string, unknown>

function check(settings: unknown, source: string): Config {
  const parsed = configSchema.safeParse(settings, { reportInput: true, error: expected })
  if (parsed.success) return parsed.data
  throw new UserError(describeProblems(source, parsed.error.issues, settings), 2)
}

async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const received = error.code === 'ENOENT' ? 'no such file' : (error.code ?? error.message)
    throw new UserError(`Expected a readable YAML file for --config but received ${received}: ${file}`, 2)
  })
  const settings = parseYaml(text, file) ?? {}
  if (!isGroup(settings))
    throw new UserError(`Expected a group of settings in ${file} but received ${JSON.stringify(settings)}`, 2)
  return settings
}

function parseYaml(text: string, source: string): unknown {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) {
    const line = error.linePos === undefined ? '' : ` in line ${error.linePos[0].line}`
    const reason = error.message.split('\n')[0].replace(/ at line .*$/, '')
    throw new UserError(`Expected valid YAML for ${source} but received an error${line}: ${reason}`, 2)
  }
  return document.toJS()
}

function assign(settings: Settings, assignment: string): void {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)=(.*)$/s.exec(assignment)
  if (match === null) throw new UserError(`Expected key.of.setting=value for --set but received "${assignment}"`, 2)
  const keys = match[1].split('.')
  const last = keys.pop()!
  let group = settings
  for (const key of keys) {
    if (!Object.hasOwn(group, key) || !isGroup(group[key])) group[key] = {}
    group = group[key] as Settings
  }
  group[last] = parseYaml(match[2], `--set ${match[1]}`)
}

function merge(settings: Settings, overrides: object): void {
  for (const [key, value] of Object.entries(overrides)) {
    const current = settings[key]
    if (isGroup(current) && isGroup(value)) merge(current, value)
    else if (value !== undefined) settings[key] = value
  }
}

/** Makes the two file settings absolute, so that the resolved configuration means the same from any folder. */
function resolvePaths(settings: Settings, base: string): void {
  const { data, groundTruth } = settings
  if (isGroup(data) && typeof data.dir === 'string') data.dir = resolve(base, data.dir)
  if (isGroup(groundTruth) && typeof groundTruth.file === 'string' && groundTruth.file !== EMBEDDED) {
    groundTruth.file = resolve(base, groundTruth.file)
  }
}

function isGroup(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
