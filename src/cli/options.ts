/** Options that several commands share. */
import { join } from 'node:path'
import type { InferredOptionTypes, Options } from 'yargs'
import { expected } from '../base/errors.js'
import { packageRoot } from '../base/folders.js'
import { expandPath } from '../base/user-path.js'
import { assign } from '../config/assign.js'
import type { Settings } from '../config/settings.js'
import { findConfig } from '../config/shipped.js'

/** Settings of the paper's search, the default of commands that do not need its data set. */
export const PAPER_CONFIG = join(packageRoot, 'configs', 'nasbench201-cifar10.yaml')
/** Folder that is in the official archive of CIFAR-10. */
export const CIFAR10_FOLDER = 'cifar-10-batches-bin'

export const configOption = {
  type: 'string',
  requiresArg: true,
  describe: 'YAML file with the settings, or the name of one in the package (npx pada-native config --list)',
  defaultDescription: 'the search on the embedded data',
  coerce: oneConfig('--config'),
} as const satisfies Options

export const paperConfigOption = {
  ...configOption,
  defaultDescription: "the paper's search of NAS-Bench-201 on CIFAR-10",
} as const satisfies Options

export const setOption = {
  type: 'string',
  array: true,
  // Of several after one --set, `separateSettings` has made several --set.
  nargs: 1,
  requiresArg: true,
  describe: 'Change settings: key.of.setting=value …',
} as const satisfies Options

const outOption = {
  type: 'string',
  requiresArg: true,
  describe: 'Run folder to create',
  defaultDescription: 'runs/<name>-<method>-seed<seed>-<time>',
  coerce: onePath('--out'),
} as const satisfies Options

const resumeOption = {
  type: 'string',
  requiresArg: true,
  describe: 'Run folder to continue',
  coerce: onePath('--resume'),
} as const satisfies Options

export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'One JSON object per line on standard output; everything else on standard error',
} as const satisfies Options

/** An option that takes one of `choices`, and refuses to be given twice, which yargs would pass as a list. */
export function choice<const Choices extends readonly string[]>(name: string, choices: Choices) {
  const coerce = (value: Choices[number] | readonly Choices[number][]): Choices[number] => {
    if (typeof value === 'string' || value === undefined) return value
    throw expected('one value', name, `${value.length} values`, 2)
  }
  return { choices, requiresArg: true, coerce } as const
}

export const precisionOption = {
  ...choice('--precision', ['float32', 'tf32', 'bfloat16']),
  describe: 'Number type of activations',
} as const satisfies Options

/** Option of the commands that read weights from files. */
export const keyOption = {
  type: 'string',
  requiresArg: true,
  describe: 'Key of the state dict in a checkpoint that holds several, such as state_dict_ema',
  defaultDescription: 'state_dict, model or another usual one',
  coerce: oneText('--key'),
} as const satisfies Options

/** Option of the commands that read weights from files. */
export const prefixOption = {
  type: 'string',
  requiresArg: true,
  describe: "Beginning of the names of the network's tensors in a checkpoint, such as model.",
  defaultDescription: 'one that all names share, if the rest fits',
  coerce: oneText('--prefix'),
} as const satisfies Options

/** Option of the commands that several processes can run together. */
export const processesOption = {
  type: 'number',
  requiresArg: true,
  describe: 'Processes on this machine that work together, each on its share of the cores',
  defaultDescription: 'those that torchrun or srun started, or one',
  coerce: (value: number) => whole('processes', value),
} as const satisfies Options

/** Options of `search` and `train`. */
export const runOptions = {
  config: configOption,
  set: setOption,
  out: outOption,
  resume: resumeOption,
  processes: processesOption,
  json: jsonOption,
} as const

export type RunOptions = InferredOptionTypes<typeof runOptions>

/** A coercion for a path, in which it expands `~` and `$NAME`; otherwise as {@link oneText}. */
export function onePath(name: string): (value: string | string[]) => string {
  const one = oneText(name, 'a path')
  return (value) => (value === undefined ? value : expandPath(one(value), name))
}

/** A coercion as {@link onePath} that also takes the name of a configuration of the package; see {@link findConfig}. */
export function oneConfig(name: string, folder?: string): (value: string | string[]) => string {
  const one = onePath(name)
  return (value) => (value === undefined ? value : findConfig(one(value), { folder }))
}

/** A coercion that refuses an empty value, and an option given twice, which yargs would pass as a list. */
export function oneText(name: string, wanted = 'text'): (value: string | string[]) => string {
  return (value) => {
    if (Array.isArray(value)) throw expected('one value', name, `${value.length} values`, 2)
    if (value === '') throw expected(wanted, name, 'an empty string', 2)
    return value
  }
}

/** Settings of the space from `--space` and `--set`, for a checkpoint that does not determine them. */
export function givenSpace({ space, set = [] }: { space?: string; set?: readonly string[] }): Settings {
  const other = set.find((setting) => !setting.startsWith('space.'))
  if (other !== undefined) throw expected('a setting of space', '--set', `"${other}"`, 2)
  const settings: Settings = { space: space === undefined ? {} : { name: space } }
  for (const assignment of set) assign(settings, assignment)
  return settings.space as Settings
}

/** Checks a numeric option: one whole number of at least `least`. */
export function whole(name: string, value: number | number[], least = 1): number {
  if (Array.isArray(value)) throw expected('one value', `--${name}`, `${value.length} values`, 2)
  if (Number.isInteger(value) && value >= least) return value
  throw expected(`a whole number of at least ${least}`, `--${name}`, value, 2)
}
