/** Reads settings from a YAML file, `--set` and code, and checks them together. Every problem is reported at once. */
import { basename, dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { UserError } from '../base/errors.js'
import { changed, inTodaysForm } from './earlier-forms.js'
import { describeProblems, explainIssue } from './problems.js'
import { type Config, type ConfigInput, configSchema } from './schema.js'
import { assign, isGroup, merge, readSettings, resolvePaths, type Settings } from './settings.js'

export * from './schema.js'

/** Settings file of the search on the embedded data, which runs if no file is named. */
export const DEFAULT_CONFIG = fileURLToPath(new URL('../../configs/nasbench201-fashion.yaml', import.meta.url))

/** Sources of settings. */
export interface LoadOptions {
  /** YAML file; default {@link DEFAULT_CONFIG}. Paths in it are relative to it. */
  readonly file?: string
  /** Settings written `key.of.setting=value`, with YAML values. Paths in them are relative to the working directory. */
  readonly set?: readonly string[]
  /** Settings that override both. */
  readonly overrides?: ConfigInput
  /** Defaults of settings that no other source gives, in place of the usual ones. */
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
  const written = await readSettings(file, '--config')
  resolvePaths(written, dirname(resolve(file)))
  let settings: Settings = structuredClone(defaults)
  settings = changed(settings, (settings) => merge(settings, written))
  settings.name ??= basename(file, extname(file))
  for (const assignment of set) settings = changed(settings, (settings) => assign(settings, assignment))
  settings = changed(settings, (settings) => merge(settings, overrides))
  resolvePaths(settings, process.cwd())
  return check(settings, file)
}

/**
 * Settings from assignments `key.of.setting=value` alone; all others have their defaults. Paths in them are relative to
 * the working directory.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function configOfSettings(set: readonly string[]): Config {
  let settings: Settings = {}
  for (const assignment of set) settings = changed(settings, (settings) => assign(settings, assignment))
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

function check(settings: unknown, source: string): Config {
  return checkAgainst(configSchema, settings, source)
}

/**
 * Checks settings against a schema, and returns them with defaults filled in.
 *
 * @throws UserError with exit code 2, naming every unknown key and impossible value.
 */
export function checkAgainst<Schema extends z.ZodType>(
  schema: Schema,
  settings: unknown,
  source: string,
): z.output<Schema> {
  const parsed = schema.safeParse(settings, { reportInput: true, error: explainIssue })
  if (parsed.success) return parsed.data
  throw new UserError(describeProblems(source, parsed.error.issues, settings), 2)
}
