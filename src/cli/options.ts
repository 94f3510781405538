/** Options that several commands share, worded once. */
import { join } from 'node:path'
import type { InferredOptionTypes, Options } from 'yargs'
import { UserError } from '../base/errors.js'
import { packageRoot } from '../base/folders.js'
import { assign, type Settings } from '../config/settings.js'

/** The paper's search, for commands to which it does not matter whether its data are there. */
export const PAPER_CONFIG = join(packageRoot, 'configs', 'nasbench201-cifar10.yaml')
/** Where the official archive of CIFAR-10 unpacks to. */
export const CIFAR10_FOLDER = 'cifar-10-batches-bin'

export const configOption = {
  type: 'string',
  requiresArg: true,
  describe: 'YAML file with the settings',
  defaultDescription: 'the embedded Fashion-MNIST search',
  coerce: onePath('--config'),
} as const satisfies Options

export const paperConfigOption = {
  ...configOption,
  defaultDescription: "the paper's search of NAS-Bench-201 on CIFAR-10",
} as const satisfies Options

export const setOption = {
  type: 'string',
  array: true,
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
  describe: 'One JSON object per line on standard output; all else on standard error',
} as const satisfies Options

export const precisionOption = {
  choices: ['float32', 'bfloat16'],
  requiresArg: true,
  describe: 'Type of activations',
} as const satisfies Options

/** What `search` and `train` take. */
export const runOptions = {
  config: configOption,
  set: setOption,
  out: outOption,
  resume: resumeOption,
  json: jsonOption,
} as const

export type RunOptions = InferredOptionTypes<typeof runOptions>

/** A coercion that refuses an option given twice, which yargs would silently hand over as a list, and an empty value. */
export function onePath(name: string): (value: string | string[]) => string {
  return (value) => {
    if (Array.isArray(value)) throw new UserError(`Expected one value for ${name} but received ${value.length}`, 2)
    if (value === '') throw new UserError(`Expected a path for ${name} but received an empty string`, 2)
    return value
  }
}

/** Settings of the space that the options `--space` and `--set` give, for a checkpoint that does not tell them. */
export function givenSpace({ space, set = [] }: { space?: string; set?: readonly string[] }): Settings {
  const outside = set.find((setting) => !setting.startsWith('space.'))
  if (outside !== undefined) throw new UserError(`Expected a setting of space for --set but received "${outside}"`, 2)
  const settings: Settings = { space: space === undefined ? {} : { name: space } }
  for (const assignment of set) assign(settings, assignment)
  return settings.space as Settings
}

/** The value of a numeric option that counts something. */
export function whole(name: string, value: number | number[], least = 1): number {
  if (Array.isArray(value)) throw new UserError(`Expected one value for --${name} but received ${value.length}`, 2)
  if (Number.isInteger(value) && value >= least) return value
  throw new UserError(`Expected a whole number of at least ${least} for --${name} but received ${value}`, 2)
}
