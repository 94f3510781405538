/** The axes that a study may vary, and what their values mean in settings. */
import type { JsonSchema } from '../config/json-schema.js'
import { METHODS } from '../config/methods.js'
import type { Settings } from '../config/settings.js'
import { EXTENTS, SPACES } from '../config/spaces.js'
import { METHOD_LABELS } from '../methods/index.js'
import { SPACE_LABELS } from '../spaces/index.js'

/** One value of an axis: what tables and figures call it, and what it changes. */
export interface AxisValue {
  readonly label: string
  /** The label in names of folders: that which was written, without what file systems or shells mind. */
  readonly id: string
  /** A file of settings that takes the place of the experiment's. */
  readonly config?: string
  /** Laid over what the other axes say. */
  readonly settings: Settings
}

export const AXES = ['space', 'extent', 'method', 'noise', 'epochs'] as const
/** What searches of an experiment can differ in, beside their seed. */
export type Axis = (typeof AXES)[number]

interface AxisKind {
  /** Its key in a study. */
  readonly key: string
  /** What a value may be, to be read after “Expected”. */
  readonly expected: string
  /** What the shorthand of a value may be. */
  readonly schema: JsonSchema
  /** A value that is no group, in settings; undefined where it is not one of this axis. */
  shorthand(value: unknown): Settings | undefined
  /** What figures call a shorthand. */
  label(value: unknown): string
  /** What stands before a label in names of folders. */
  readonly prefix: string
  /** The value in settings that no study varies. */
  read(settings: Settings): unknown
}

const named = 'a name, or a group of settings with a label'
const counted = 'a number, or a group of settings with a label'

/** How the literature writes what settings have in lower case. */
const LABELS: Readonly<Record<string, string>> = {
  ...METHOD_LABELS,
  ...SPACE_LABELS,
  perOperation: 'per operation',
  perCell: 'per cell',
}

const text = (make: (value: string) => Settings) => (value: unknown) =>
  typeof value === 'string' && value !== '' ? make(value) : undefined
const number = (make: (value: number) => Settings) => (value: unknown) =>
  typeof value === 'number' ? make(value) : undefined
const name = (value: unknown) => LABELS[String(value)] ?? String(value)
const of = (group: string, key: string) => (settings: Settings) => (settings[group] as Settings | undefined)?.[key]

/** In the order in which their values are laid over one another. */
export const AXIS_KINDS: Readonly<Record<Axis, AxisKind>> = {
  space: {
    key: 'spaces',
    expected: named,
    schema: { enum: [...SPACES] },
    shorthand: text((value) => ({ space: { name: value } })),
    label: name,
    prefix: '',
    read: of('space', 'name'),
  },
  extent: {
    key: 'extents',
    expected: named,
    schema: { enum: [...EXTENTS] },
    shorthand: text((value) => ({ space: { sharing: value } })),
    label: name,
    prefix: '',
    read: of('space', 'sharing'),
  },
  method: {
    key: 'methods',
    expected: named,
    schema: { enum: [...METHODS] },
    shorthand: text((value) => ({ method: { name: value } })),
    label: name,
    prefix: '',
    read: of('method', 'name'),
  },
  noise: {
    key: 'noise',
    expected: counted,
    schema: { type: 'number', minimum: 0 },
    shorthand: number((value) => ({ training: { gradientNoise: value } })),
    label: (value) => (value === 0 ? 'none' : Number(value).toExponential()),
    prefix: 'noise-',
    read: of('training', 'gradientNoise'),
  },
  epochs: {
    key: 'epochs',
    expected: counted,
    schema: { type: 'integer', minimum: 1 },
    shorthand: number((value) => ({ training: { epochs: value } })),
    label: String,
    prefix: 'epochs-',
    read: of('training', 'epochs'),
  },
}

/** A label beside those of other axes, where it must say what it is of. */
export function nameValue(axis: Axis, label: string): string {
  if (axis === 'epochs') return `${label} ${label === '1' ? 'epoch' : 'epochs'}`
  return axis === 'noise' ? `noise ${label}` : label
}

/** Characters that are the same in every file system, shell and spreadsheet. */
export function slug(label: string): string {
  return label
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}

/** Writes a shorthand out as the group that it stands for; anything else is left as it is, for the schema to judge. */
export function writeOut(axis: Axis, value: unknown): unknown {
  const { shorthand, label, prefix } = AXIS_KINDS[axis]
  const settings = shorthand(value)
  if (settings === undefined) return value
  const id = typeof value === 'number' ? `${prefix}${label(value)}` : String(value)
  return { label: label(value), id: slug(id), ...settings }
}
