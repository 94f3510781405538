/** The axes that a study may vary, and the settings that their values change. */
import type { JsonSchema } from '../config/json-schema.js'
import { METHODS } from '../config/methods.js'
import type { Settings } from '../config/settings.js'
import { EXTENTS, SPACES } from '../config/spaces.js'
import { METHOD_LABELS } from '../methods/index.js'
import { SPACE_LABELS } from '../spaces/index.js'

/** One value of an axis: its names and the settings that it changes. */
export interface AxisValue {
  /** Name in tables and figures. */
  readonly label: string
  /** Name in names of folders, safe in file systems and shells. */
  readonly id: string
  /** A configuration that replaces the experiment's. */
  readonly config?: string
  /** Settings that override the experiment's and the values of earlier axes. */
  readonly settings: Settings
}

/** All axes, in the order in which their values are applied. */
export const AXES = ['space', 'extent', 'method', 'noise', 'epochs'] as const
/** A property in which searches of an experiment may differ, besides their seed. */
export type Axis = (typeof AXES)[number]

interface AxisKind {
  /** Key of its values in a study. */
  readonly key: string
  /** The allowed values in words that follow “Expected”. */
  readonly expected: string
  /** JSON Schema of the shorthands. */
  readonly schema: JsonSchema
  /** Settings of a shorthand, a value that is not a group; undefined if the axis has no such shorthand. */
  shorthand(value: unknown): Settings | undefined
  /** Label of a shorthand. */
  label(value: unknown): string
  /** Prefix of labels in names of folders. */
  readonly prefix: string
  /** Value in the settings, for studies that do not vary the axis. */
  read(settings: Settings): unknown
}

const named = 'a name, or a group of settings with a label'
const counted = 'a number, or a group of settings with a label'

/** Names in the literature, by name in the settings. */
const LABELS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...METHOD_LABELS, ...SPACE_LABELS, perOperation: 'per operation', perCell: 'per cell' }),
)

const fromText = (make: (value: string) => Settings) => (value: unknown) =>
  typeof value === 'string' && value !== '' ? make(value) : undefined
const fromNumber = (make: (value: number) => Settings) => (value: unknown) =>
  typeof value === 'number' ? make(value) : undefined
const labelOf = (value: unknown) => LABELS.get(String(value)) ?? String(value)
const setting = (group: string, key: string) => (settings: Settings) => (settings[group] as Settings | undefined)?.[key]

/** The properties of each axis. */
export const AXIS_KINDS: Readonly<Record<Axis, AxisKind>> = {
  space: {
    key: 'spaces',
    expected: named,
    schema: { enum: [...SPACES] },
    shorthand: fromText((value) => ({ space: { name: value } })),
    label: labelOf,
    prefix: '',
    read: setting('space', 'name'),
  },
  extent: {
    key: 'extents',
    expected: named,
    schema: { enum: [...EXTENTS] },
    shorthand: fromText((value) => ({ space: { sharing: value } })),
    label: labelOf,
    prefix: '',
    read: setting('space', 'sharing'),
  },
  method: {
    key: 'methods',
    expected: named,
    schema: { enum: [...METHODS] },
    shorthand: fromText((value) => ({ method: { name: value } })),
    label: labelOf,
    prefix: '',
    read: setting('method', 'name'),
  },
  noise: {
    key: 'noise',
    expected: counted,
    schema: { type: 'number', minimum: 0 },
    shorthand: fromNumber((value) => ({ training: { gradientNoise: value } })),
    label: (value) => (value === 0 ? 'none' : Number(value).toExponential()),
    prefix: 'noise-',
    read: setting('training', 'gradientNoise'),
  },
  epochs: {
    key: 'epochs',
    expected: counted,
    schema: { type: 'integer', minimum: 1 },
    shorthand: fromNumber((value) => ({ training: { epochs: value } })),
    label: String,
    prefix: 'epochs-',
    read: setting('training', 'epochs'),
  },
}

/** A label that names its axis if it needs to, for use next to labels of other axes. */
export function nameValue(axis: Axis, label: string): string {
  if (axis === 'epochs') return `${label} ${label === '1' ? 'epoch' : 'epochs'}`
  return axis === 'noise' ? `noise ${label}` : label
}

/** The values of several axes. Values that a condition's settings do not have are left out. */
export function nameValues(axes: readonly Axis[], labels: Readonly<Record<Axis, string>>): string {
  return axes.flatMap((axis) => (labels[axis] === '' ? [] : [nameValue(axis, labels[axis])])).join(', ')
}

/** Replaces characters that file systems, shells or spreadsheets treat specially by dashes. */
export function slug(label: string): string {
  return label
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}

/** Expands a shorthand to its group. Returns any other value unchanged, for the schema to check. */
export function expandShorthand(axis: Axis, value: unknown): unknown {
  const { shorthand, label, prefix } = AXIS_KINDS[axis]
  const settings = shorthand(value)
  if (settings === undefined) return value
  const id = typeof value === 'number' ? `${prefix}${label(value)}` : String(value)
  return { label: label(value), id: slug(id), ...settings }
}
