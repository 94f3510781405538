/** Reads experiments from files and from code. */
import { dirname, resolve } from 'node:path'
import { expected } from '../base/errors.js'
import { expandOnce } from '../base/user-path.js'
import { assign, assignOrRemove, keysOf, requireLists } from '../config/assign.js'
import { inTodaysForm } from '../config/earlier-forms.js'
import { checkAgainst, configSchema, nameOfFile, refuseUnknown } from '../config/index.js'
import { merge } from '../config/merge.js'
import { resolvePaths, resolveTable } from '../config/resolve-paths.js'
import { isGroup, type Settings } from '../config/settings.js'
import { findConfig } from '../config/shipped.js'
import { requireTaker } from '../config/taker.js'
import { readSettings } from '../config/yaml.js'
import { AXES, AXIS_KINDS } from './axes.js'
import { type Experiment, plan } from './plan.js'
import { type ExperimentInput, experimentSchema } from './settings.js'

/** Changes to an experiment's file. */
export interface LoadExperimentOptions {
  /**
   * Changes in the form `key.of.setting=value`. If the first key is a key of experiments, they change the experiment.
   * Otherwise they change the settings of every search, as `set` does. Paths are relative to the working directory.
   */
  readonly set?: readonly string[]
}

/**
 * Reads an experiment's file and plans its searches.
 *
 * @throws UserError with exit code 2 that lists all problems in the file and in the settings of all searches.
 */
export async function loadExperiment(file: string, { set = [] }: LoadExperimentOptions = {}): Promise<Experiment> {
  const written = await readSettings(file, 'experiment')
  requireTaker(written, 'experiment', file, 'experiment')
  written.name ??= nameOfFile(file)
  const folder = dirname(resolve(file))
  resolveAll(written, folder)
  for (const assignment of set) {
    const changesExperiment = Object.hasOwn(experimentSchema.shape, keysOf(assignment)[0])
    if (changesExperiment) {
      assignOrRemove(written, assignment, (all, key) => refuseUnknown(experimentSchema, all, key))
      continue
    }
    const settings: Settings = isGroup(written.set) ? written.set : {}
    written.set = settings
    requireLists(settings, assignment)
    change(settings, assignment)
    refuseUnknown(configSchema, inTodaysForm(structuredClone(settings)), keysOf(assignment).join('.'))
  }
  const table = set.find((assignment) => keysOf(assignment)[0] === 'groundTruth')
  if (table !== undefined && isGroup(written.groundTruths)) {
    throw expected('groundTruths.SPACE, because the experiment names tables by space,', '--set', `"${table}"`, 2)
  }
  resolveAll(written, process.cwd())
  return plan(checkAgainst(experimentSchema, written, file, set), set.length === 0 ? file : `${file} and --set`)
}

/** Changes settings by an assignment. A group is merged. Null stays, because it removes what the configuration has. */
function change(settings: Settings, assignment: string): void {
  // A place in a list needs the list.
  const isPlace = keysOf(assignment).some((key) => /^\d+$/.test(key))
  const changes: Settings = isPlace ? settings : {}
  assign(changes, assignment)
  if (!isPlace) merge(settings, changes)
}

/**
 * Plans an experiment given in code; paths in it are relative to the working directory.
 *
 * @throws UserError as {@link loadExperiment}.
 */
export async function planExperiment(input: ExperimentInput): Promise<Experiment> {
  const written: Settings = structuredClone(input)
  resolveAll(written, process.cwd())
  return plan(checkAgainst(experimentSchema, written, 'the experiment'), 'the experiment')
}

/** The configuration that an experiment names: a path relative to `base`, or a name of one in the package. */
function configFrom(base: string, name: string): string {
  return expandOnce(name, 'config', (expanded) => findConfig(expanded, { base }))
}

/** Makes all names of files absolute. */
function resolveAll(experiment: Settings, base: string): void {
  if (typeof experiment.config === 'string') experiment.config = configFrom(base, experiment.config)
  if (isGroup(experiment.set)) resolvePaths(experiment.set, base)
  if (isGroup(experiment.groundTruths)) {
    for (const table of Object.values(experiment.groundTruths)) if (isGroup(table)) resolveTable(table, base)
  }
  if (!isGroup(experiment.studies)) return
  for (const study of Object.values(experiment.studies)) {
    if (!isGroup(study)) continue
    for (const axis of AXES) {
      const values = study[AXIS_KINDS[axis].key]
      for (const value of Array.isArray(values) ? values : []) {
        if (!isGroup(value)) continue
        if (typeof value.config === 'string') value.config = configFrom(base, value.config)
        resolvePaths(value, base)
      }
    }
  }
}
