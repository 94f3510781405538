/** Reads settings from a YAML file, `--set` and code, and checks them together. Every problem is reported at once. */
import { basename, dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { expected, UserError } from '../base/errors.js'
import { assignOrRemove } from './assign.js'
import { changed, inTodaysForm } from './earlier-forms.js'
import {
  embeddedKeys,
  forOtherData,
  forOtherSpace,
  isOfOtherData,
  namesEmbeddedTable,
  withoutEmbeddedData,
} from './embedded.js'
import { dropOfOtherKind, merge } from './merge.js'
import { describeProblems, explainIssue, sourceOf } from './problems.js'
import { resolvePaths } from './resolve-paths.js'
import { type RetrainConfig, type RetrainInput, retrainSchema } from './retraining.js'
import { type Config, type ConfigInput, configSchema, EMBEDDED } from './schema.js'
import { isGroup, type Settings } from './settings.js'
import { findConfig } from './shipped.js'
import { requireTaker } from './taker.js'
import { readSettings } from './yaml.js'

export type { NetworkConfig } from './network.js'
export { isRetraining, type RetrainConfig, type RetrainInput } from './retraining.js'
export * from './schema.js'

/** Configuration of the search on the embedded data, which runs if no file is named. */
export const DEFAULT_CONFIG = fileURLToPath(new URL('../../configs/nasbench201-fashion.yaml', import.meta.url))

/** Sources of settings. */
export interface LoadOptions {
  /** YAML file, or the name of one in the package; default {@link DEFAULT_CONFIG}. Paths in it are relative to it. */
  readonly file?: string
  /** Settings written `key.of.setting=value`, with YAML values. Paths in them are relative to the working directory. */
  readonly set?: readonly string[]
  /** Settings that override both. */
  readonly overrides?: ConfigInput
  /** Defaults of settings that no other source gives, in place of the usual ones. */
  readonly defaults?: ConfigInput
  /** Receives a line if parts of the default file do not apply, because they belong to the embedded data. */
  readonly log?: (line: string) => void
}

/**
 * Reads, merges and checks settings. If no file is named and `data.format` is not `embedded`, all that
 * {@link DEFAULT_CONFIG} says about the embedded data is left out: `data`, `groundTruth`, `ranking.imageCount`, and the
 * choice of sub-models by its table. If another space is named, so is the embedded ground truth.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Config> {
  requireOptions(options, 'loadConfig', [...SOURCES, 'log'])
  const { file = DEFAULT_CONFIG } = options
  const written = await readSearch(file)
  if (options.file !== undefined) written.name ??= nameOfFile(file)
  const settings = compose(written, options, configSchema)
  const { set } = options
  const leftOut = options.file === undefined ? withoutWhatIsOfOthers(written, settings) : undefined
  if (leftOut === undefined) {
    const config = check(settings, file, set)
    const keys = embeddedKeys(written, settings)
    const why = `because data.format is ${config.data.format}`
    if (keys.length > 0) options.log?.(`Left out ${keys.join(', ')} of ${file}, ${why}`)
    return config
  }
  const config = check(compose(leftOut.settings, options, configSchema), file, set)
  const consequence = config.groundTruth ? '' : `: ${describeRanking(config)}, without ground truth`
  // Who names the embedded table for another space is told later that it does not fit.
  if (config.groundTruth?.file !== EMBEDDED) options.log?.(`Left out ${leftOut.what}${consequence}`)
  return config
}

/** The default file's settings without what does not apply, and what that is; undefined if all of it applies. */
function withoutWhatIsOfOthers(
  written: Settings,
  composed: Settings,
): { readonly settings: Settings; readonly what: string } | undefined {
  const { data, space } = composed
  if (isOfOtherData(composed)) {
    const hasTable = isGroup(composed.groundTruth) && !namesEmbeddedTable(composed)
    const what = `the default settings of the embedded data, because data.format is ${(data as Settings).format}`
    return { settings: forOtherData(written, hasTable), what }
  }
  if (!namesEmbeddedTable(composed) || !isGroup(space) || space.name === (written.space as Settings).name) return
  return { settings: forOtherSpace(written), what: `the embedded ground truth, because space.name is ${space.name}` }
}

/** Names of the sources of settings. */
const SOURCES = ['file', 'set', 'overrides', 'defaults']

/** JavaScript lets a file's name pass, and options of other names, which would then not be read. */
function requireOptions(options: unknown, name: string, known: readonly string[]): void {
  if (!isGroup(options)) {
    throw expected('a group such as { file: "search.yaml" }', `the options of ${name}`, JSON.stringify(options), 2)
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) throw expected(known.join(', '), `the options of ${name}`, `"${unknown}"`, 2)
}

/** Settings of a search from a file, changed by all other sources, before they are checked. */
export async function writtenSettings({ file = DEFAULT_CONFIG, ...sources }: LoadOptions): Promise<Settings> {
  return compose(await readSearch(file), sources, configSchema)
}

async function readSearch(name: string): Promise<Settings> {
  const file = findConfig(name)
  const written = await readSettings(file, '--config')
  requireTaker(written, 'search', file, '--config')
  resolvePaths(written, dirname(resolve(file)))
  return written
}

/** The name of a search or an experiment that its file gives: without extension, other characters as dashes. */
export function nameOfFile(file: string): string {
  const name = basename(file, extname(file))
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  return name === '' ? 'search' : name
}

/** Sources of the settings of a retraining. */
export interface LoadRetrainOptions {
  /** YAML file, or the name of one in the package. Paths in it are relative to it. */
  readonly file: string
  /** Settings written `key.of.setting=value`, with YAML values. Paths in them are relative to the working directory. */
  readonly set?: readonly string[]
  /** Settings that override both. */
  readonly overrides?: object
  /** Defaults of settings that no other source gives, in place of the usual ones. */
  readonly defaults?: object
}

/**
 * Reads, merges and checks the settings of a retraining.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export async function loadRetrainConfig(options: LoadRetrainOptions): Promise<RetrainConfig> {
  requireOptions(options, 'loadRetrainConfig', SOURCES)
  const { file: name, ...sources } = options
  const file = findConfig(name)
  const written = await readSettings(file, '--config')
  requireTaker(written, 'retrain', file, '--config')
  resolvePaths(written, dirname(resolve(file)))
  written.name ??= nameOfFile(file)
  return checkAgainst(retrainSchema, compose(written, sources, retrainSchema), file, sources.set)
}

/**
 * Checks settings of a retraining given in code and fills in every default.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function parseRetrainConfig(settings: RetrainInput): RetrainConfig {
  return checkAgainst(retrainSchema, isGroup(settings) ? inTodaysForm(settings) : settings, 'the configuration')
}

/** The settings of a file, changed by all other sources. */
function compose(
  written: Settings,
  { set = [], overrides = {}, defaults = {} }: Omit<LoadRetrainOptions, 'file'>,
  schema: z.ZodType,
): Settings {
  let settings: Settings = structuredClone(defaults) as Settings
  settings = changed(settings, (settings) => merge(settings, structuredClone(written)))
  settings = changed(settings, (settings) => dropOfOtherKind(settings, set))
  // What a file says about the embedded data, such as its padding, holds for no other data.
  settings = assigned(withoutEmbeddedData(settings, namedData(set)), set, schema)
  settings = withoutEmbeddedData(settings, overrides as Settings)
  settings = changed(settings, (settings) => merge(settings, structuredClone(overrides) as Settings))
  resolvePaths(settings, process.cwd())
  return settings
}

/** The data set that assignments name, if they do. */
export function namedData(set: readonly string[]): Settings {
  const settings: Settings = {}
  for (const assignment of set) if (/^data(\.format)?=/.test(assignment)) assignOrRemove(settings, assignment, () => {})
  return settings
}

/** Settings after assignments, of which null removes a setting that `schema` knows. */
function assigned(settings: Settings, set: readonly string[], schema: z.ZodType): Settings {
  const assign = (settings: Settings, assignment: string) =>
    assignOrRemove(settings, assignment, (all, key) => refuseUnknown(schema, all, key))
  return set.reduce((settings, assignment) => changed(settings, (settings) => assign(settings, assignment)), settings)
}

/** Throws a UserError if `schema` has no setting of this key, which the settings have. */
export function refuseUnknown(schema: z.ZodType, settings: Settings, key: string): void {
  const { error } = schema.safeParse(settings, { reportInput: true, error: explainIssue })
  const unknown = error?.issues.filter(
    (issue) => issue.code === 'unrecognized_keys' && issue.keys.some((name) => [...issue.path, name].join('.') === key),
  )
  if (unknown?.length) throw new UserError(describeProblems('--set', unknown, settings), 2)
}

function describeRanking({ ranking: { subModels } }: Config): string {
  return typeof subModels === 'number'
    ? `${subModels} random sub-models are ranked (fewer if some compute the same)`
    : 'all sub-models are ranked'
}

/**
 * Settings from assignments `key.of.setting=value` alone; all others have their defaults. Paths in them are relative to
 * the working directory.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function configOfSettings(set: readonly string[]): Config {
  let settings: Settings = {}
  settings = assigned(settings, set, configSchema)
  resolvePaths(settings, process.cwd())
  return check(settings, '--set')
}

/**
 * Checks settings given in code and fills in every default.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function parseConfig(settings: ConfigInput): Config {
  return check(isGroup(settings) ? inTodaysForm(settings) : settings, 'the configuration')
}

function check(settings: unknown, source: string, set?: readonly string[]): Config {
  return checkAgainst(configSchema, settings, source, set)
}

/**
 * Checks settings against a schema, and returns them with defaults filled in. `source` names where they come from, except
 * those of the assignments `set`.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function checkAgainst<Schema extends z.ZodType>(
  schema: Schema,
  settings: unknown,
  source: string,
  set?: readonly string[],
): z.output<Schema> {
  const parsed = schema.safeParse(settings, { reportInput: true, error: explainIssue })
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  throw new UserError(describeProblems(sourceOf(issues, settings, source, set), issues, settings), 2)
}
