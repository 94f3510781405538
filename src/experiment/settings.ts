/** The file of an experiment: which searches to compare, with which seeds, in which studies and figures. */
import { basename, dirname, extname, resolve } from 'node:path'
import { z } from 'zod'
import { group } from '../config/group.js'
import { checkAgainst } from '../config/index.js'
import { groundTruth } from '../config/ranking.js'
import { assign, isGroup, readSettings, resolvePaths, resolveTable, type Settings } from '../config/settings.js'
import { AXES, AXIS_KINDS, type Axis, slug, writeOut } from './axes.js'
import { type Experiment, plan } from './plan.js'

const safeName = z.string().regex(/^\w[\w.-]*$/)

/** Where the JSON Schema of experiments describes settings of a search, and a value of an axis. */
const SEARCH_SETTINGS = '#/$defs/settings'
const AXIS_VALUE = '#/$defs/value'

/** A value of an axis that is written as a group. Whatever else it holds are settings of a search. */
export const axisValue = z.looseObject({
  label: z.string().min(1).describe('What tables and figures call the value.'),
  id: safeName.optional().describe('What names of folders call the value. Default: made from the label.'),
  config: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Settings file that replaces the experiment's `config` for this value, relative to the experiment's file.",
    ),
})

/** The values of an axis, each a shorthand or a group. */
function axisValues(axis: Axis) {
  const { expected, prefix, schema } = AXIS_KINDS[axis]
  const error = (issue: z.core.$ZodRawIssue) => (issue.code === 'invalid_type' ? expected : undefined)
  const value = z
    .looseObject(axisValue.shape, { error })
    .transform(({ label, id = slug(`${prefix}${label}`), config, ...settings }) => ({ label, id, config, settings }))
  return z
    .array(
      z
        .preprocess((written) => writeOut(axis, written), value)
        .meta({ written: { anyOf: [schema, { $ref: AXIS_VALUE }] } }),
    )
    .min(1)
    .refine((values) => new Set(values.map(({ label }) => label)).size === values.length, {
      error: 'a different label for every value',
    })
    .optional()
}

const study = group({
  figure: z
    .enum(['extent', 'noise', 'method', 'epochs'])
    .describe(
      "Which axis the figure has on its x axis. Colours tell the study's other axes apart. The study must list values of this axis.",
    ),
  title: z.string().min(1).optional().describe('Title of the figure. Default: a title for the axis.'),
  variance: z
    .enum([
      'gradientVariance',
      'gradientVarianceLast',
      'gradientVarianceCandidates',
      'fixedGradientVariance',
      'fixedGradientVarianceCandidates',
    ])
    .default('gradientVarianceLast')
    .describe('Which gradient variance the figure shows: a column of the results.'),
  spaces: axisValues('space').describe('Search spaces to compare: values of `space.name`.'),
  extents: axisValues('extent').describe('Extents of weight sharing to compare: values of `space.sharing`.'),
  methods: axisValues('method').describe('Methods to compare: values of `method.name`.'),
  noise: axisValues('noise').describe('Levels of gradient noise to compare: values of `training.gradientNoise`.'),
  epochs: axisValues('epochs').describe('Lengths of training to compare: values of `training.epochs`.'),
})
  .check((context) => {
    const { figure } = context.value
    const key = AXIS_KINDS[figure].key as 'extents' | 'methods' | 'noise' | 'epochs'
    if (context.value[key] !== undefined) return
    context.issues.push({
      code: 'custom',
      path: [key],
      message: `a list of values, because figure is ${figure},`,
      input: undefined,
    })
  })
  .describe('Searches of all combinations of the values that it lists, shown in one figure.')

export const experimentSchema = group({
  name: safeName.describe(
    'Name of the experiment, and of its folder. Default: the name of its file, without the extension.',
  ),
  config: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Settings file from which every search starts, relative to the experiment's file. Default: `configs/nasbench201-fashion.yaml` of the package.",
    ),
  set: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Settings that are laid over those of `config` in every search.')
    .meta({ written: { $ref: SEARCH_SETTINGS } }),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, { error: 'a list of different seeds' })
    .describe('Seeds: every condition is searched once with each.'),
  groundTruths: z
    .record(z.string(), groundTruth)
    .default({})
    .describe('Tables of accuracies by `space.name`, for experiments on several spaces.'),
  studies: z
    .record(safeName, study)
    .refine((studies) => Object.keys(studies).length > 0, { error: 'at least one study' })
    .describe('Studies by name: each compares searches in one figure.'),
}).describe('An experiment: searches to compare, with which seeds, in which figures.')

/** An experiment as one writes it, in code or in a file's YAML: see the page on experiments. */
export type ExperimentInput = z.input<typeof experimentSchema>
export type ExperimentSettings = z.output<typeof experimentSchema>
export type StudySettings = z.output<typeof study>
export type Variance = StudySettings['variance']

/** What changes an experiment's file. */
export interface LoadExperimentOptions {
  /**
   * Changes written `key.of.setting=value`: of the experiment where the first key is one of its own, of every search's
   * settings, as in `set`, otherwise. Paths in them are relative to the working directory.
   */
  readonly set?: readonly string[]
}

/**
 * Reads an experiment's file and plans its searches.
 *
 * @throws UserError with exit code 2, naming everything that is wrong with the file or the settings of any search.
 */
export async function loadExperiment(file: string, { set = [] }: LoadExperimentOptions = {}): Promise<Experiment> {
  const written = await readSettings(file, 'the experiment')
  written.name ??= basename(file, extname(file))
  const folder = dirname(resolve(file))
  resolveAll(written, folder)
  for (const assignment of set) {
    const own = Object.hasOwn(experimentSchema.shape, assignment.split(/[.=]/, 1)[0])
    if (!own && !isGroup(written.set)) written.set = {}
    assign(own ? written : (written.set as Settings), assignment)
  }
  resolveAll(written, process.cwd())
  return plan(checkAgainst(experimentSchema, written, file), file)
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

/** Makes absolute whatever names a file. */
function resolveAll(experiment: Settings, base: string): void {
  if (typeof experiment.config === 'string') experiment.config = resolve(base, experiment.config)
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
        if (typeof value.config === 'string') value.config = resolve(base, value.config)
        resolvePaths(value, base)
      }
    }
  }
}
