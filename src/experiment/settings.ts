/** The file of an experiment: which searches to compare, with which seeds, in which studies and figures. */
import { basename, dirname, extname, resolve } from 'node:path'
import { z } from 'zod'
import { group } from '../config/group.js'
import { checkAgainst, DEFAULT_CONFIG } from '../config/index.js'
import { assign, isGroup, readSettings, resolvePaths, resolveTable, type Settings } from '../config/settings.js'
import { AXES, AXIS_KINDS, type Axis, slug, writeOut } from './axes.js'
import { type Experiment, plan } from './plan.js'

const safeName = z.string().regex(/^\w[\w.-]*$/)

/** A value of an axis: a shorthand, or a label beside settings of a search. */
function axisValues(axis: Axis) {
  const { expected, prefix } = AXIS_KINDS[axis]
  const error = (issue: z.core.$ZodRawIssue) => (issue.code === 'invalid_type' ? expected : undefined)
  const value = z
    .looseObject({ label: z.string().min(1), id: safeName.optional(), config: z.string().min(1).optional() }, { error })
    .transform(({ label, id = slug(`${prefix}${label}`), config, ...settings }) => ({ label, id, config, settings }))
  return z
    .array(z.preprocess((written) => writeOut(axis, written), value))
    .min(1)
    .refine((values) => new Set(values.map(({ label }) => label)).size === values.length, {
      error: 'a different label for every value',
    })
    .optional()
}

const study = group({
  /** What the figure has on its x axis. The other axes that the study varies are told apart by colour. */
  figure: z.enum(['extent', 'noise', 'method', 'epochs']),
  /** Default: as the figure's axis tells. */
  title: z.string().min(1).optional(),
  /** Which gradient variance the figure shows: see `Measures`. */
  variance: z
    .enum([
      'gradientVariance',
      'gradientVarianceLast',
      'gradientVarianceCandidates',
      'fixedGradientVariance',
      'fixedGradientVarianceCandidates',
    ])
    .default('gradientVarianceLast'),
  spaces: axisValues('space'),
  extents: axisValues('extent'),
  methods: axisValues('method'),
  noise: axisValues('noise'),
  epochs: axisValues('epochs'),
}).check((context) => {
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

const experimentSchema = group({
  /** Also the name of the folder. */
  name: safeName,
  /** The settings that every search starts from, relative to the file; default: the embedded search. */
  config: z.string().min(1).default(DEFAULT_CONFIG),
  /** Settings laid over them. */
  set: z.record(z.string(), z.unknown()).default({}),
  /** Every condition is searched once per seed. */
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, { error: 'a list of different seeds' }),
  /** Tables of accuracies by name of the search space, for experiments on several. */
  groundTruths: z
    .record(z.string(), group({ file: z.string().min(1), column: z.string().min(1).optional() }))
    .default({}),
  studies: z
    .record(safeName, study)
    .refine((studies) => Object.keys(studies).length > 0, { error: 'at least one study' }),
})

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
