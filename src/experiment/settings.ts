import { z } from 'zod'
import { group } from '../config/group.js'
import { groundTruth } from '../config/ranking.js'
import { safeName } from '../config/schema.js'
import { SPACES } from '../config/spaces.js'
import { AXIS_KINDS, type Axis, expandShorthand, slug } from './axes.js'

/** References in the JSON Schema of experiments: to the settings of a search, and to a value of an axis. */
const SEARCH_SETTINGS = '#/$defs/settings'
const AXIS_VALUE = '#/$defs/value'

/** A value of an axis that is written as a group. All its other keys are settings of a search. */
export const axisValue = z.looseObject({
  label: z.string().min(1).describe('Name of the value in tables and figures.'),
  id: safeName.optional().describe('Name of the value in names of folders. Default: made from the label.'),
  config: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Configuration that replaces the experiment's `config` for this value: a path relative to the experiment's file, or a name as for `--config`.",
    ),
})

/** Schema of the values of an axis; each is a shorthand or a group. */
function axisValues(axis: Axis) {
  const { expected, prefix, schema } = AXIS_KINDS[axis]
  const error = (issue: z.core.$ZodRawIssue) => (issue.code === 'invalid_type' ? expected : undefined)
  const value = z
    .looseObject(axisValue.shape, { error })
    .refine((value) => value.seed === undefined, { path: ['seed'], error: 'none, because seeds has them,' })
    .transform(({ label, id = slug(`${prefix}${label}`), config, ...settings }) => ({ label, id, config, settings }))
  return z
    .array(
      z
        .preprocess((written) => expandShorthand(axis, written), value)
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
      "Axis of values on the figure's x axis. Colours distinguish the study's other axes. The study must list values of this axis.",
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
    .describe('Gradient variance that the figure shows: a column of the results.'),
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
      "Configuration from which every search starts: a path relative to the experiment's file, or a name as for `--config`. Default: `configs/nasbench201-fashion.yaml` of the package.",
    ),
  set: z
    .record(z.string(), z.unknown())
    .refine(({ seed }) => seed === undefined, { path: ['seed'], error: 'none, because seeds has them,' })
    .refine(({ name }) => name === undefined, {
      path: ['name'],
      error: 'none, because searches are named by their ids,',
    })
    .default({})
    .describe('Settings that override `config` in every search.')
    .meta({ written: { $ref: SEARCH_SETTINGS } }),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, { error: 'a list of different seeds' })
    .describe('Seeds: every condition is searched once with each.'),
  groundTruths: z
    .record(z.string(), groundTruth)
    .check(({ value, issues }) => {
      for (const input of Object.keys(value)) {
        if (SPACES.some((space) => space === input)) continue
        issues.push({
          code: 'custom',
          path: [input],
          message: `one of ${SPACES.join(', ')} as the name of a space`,
          input,
        })
      }
    })
    .default({})
    .describe('Tables of accuracies by `space.name`, for experiments on several spaces.'),
  studies: z
    .record(safeName, study)
    .refine((studies) => Object.keys(studies).length > 0, { error: 'at least one study' })
    .describe('Studies by name: each compares searches in one figure.'),
})
  .check(({ value, issues }) => {
    if (value.set.groundTruth === undefined || Object.keys(value.groundTruths).length === 0) return
    const message = 'none, because groundTruths has the tables,'
    issues.push({ code: 'custom', path: ['set', 'groundTruth'], message, input: value.set.groundTruth })
  })
  .describe('An experiment: searches to compare, with which seeds, in which figures.')

/** An experiment as you write it, in code or in YAML; see the page on experiments. */
export type ExperimentInput = z.input<typeof experimentSchema>
/** A checked experiment, with all defaults. */
export type ExperimentSettings = z.output<typeof experimentSchema>
export type StudySettings = z.output<typeof study>
export type Variance = StudySettings['variance']
