/** Plans an experiment: every search that its studies need, once, under a name that does not depend on the others. */
import { dirname } from 'node:path'
import { UserError } from '../base/errors.js'
import { changed, inTodaysForm } from '../config/earlier-forms.js'
import { withoutEmbeddedData } from '../config/embedded.js'
import { type Config, DEFAULT_CONFIG } from '../config/index.js'
import { isOfOtherKind, whatKindsShare } from '../config/kinds.js'
import { explainIssue, listProblems, problemSentences } from '../config/problems.js'
import { resolvePaths } from '../config/resolve-paths.js'
import { configSchema } from '../config/schema.js'
import { isGroup, type Settings } from '../config/settings.js'
import { requireTaker } from '../config/taker.js'
import { readSettings } from '../config/yaml.js'
import { AXES, AXIS_KINDS, type Axis, type AxisValue } from './axes.js'
import type { ExperimentSettings, StudySettings, Variance } from './settings.js'

/** Label of each axis's value in tables and figures; empty if the settings have no value. */
export type Labels = Readonly<Record<Axis, string>>

/** One search of an experiment. */
export interface Cell {
  /** Name of its run folder. */
  readonly id: string
  readonly labels: Labels
  readonly seed: number
  readonly config: Config
}

/** A point of a figure: searches that differ only in their seed. */
export interface Condition {
  readonly labels: Labels
  /** A search per seed, in the order of the seeds. */
  readonly cells: readonly Cell[]
}

/** Conditions that one figure compares. */
export interface Study {
  readonly name: string
  readonly figure: StudySettings['figure']
  readonly title?: string
  readonly variance: Variance
  /** The axes of which it lists several values. */
  readonly axes: readonly Axis[]
  /** In the order of the file. */
  readonly conditions: readonly Condition[]
}

/** A planned experiment: its studies and all their searches. */
export interface Experiment {
  readonly name: string
  readonly seeds: readonly number[]
  readonly studies: readonly Study[]
  /** All searches, each once. Searches with the first seed come first, so that every condition has a result early. */
  readonly cells: readonly Cell[]
}

/** An axis with one of its values; undefined if the study does not vary the axis. */
type Coordinate = readonly [Axis, AxisValue | undefined]

/**
 * Plans the searches of an experiment. Errors name `source` as the place of its settings.
 *
 * @throws UserError with exit code 2 that lists all problems in the settings of all searches.
 */
export async function plan(settings: ExperimentSettings, source: string): Promise<Experiment> {
  const planner = new Planner(settings, source)
  // Searches run in the order in which they are planned: all searches with the first seed, then the next seed.
  for (const seed of settings.seeds) {
    for (const study of Object.values(settings.studies)) {
      for (const coordinates of grid(study)) {
        const cell = await planner.cell(coordinates, seed)
        if (study.variance.startsWith('fixed')) planner.requireVarianceSteps(cell, study.variance)
      }
    }
  }
  planner.check()
  const studies = await Promise.all(
    Object.entries(settings.studies).map(async ([name, study]): Promise<Study> => {
      const conditions = grid(study).map(async (coordinates): Promise<Condition> => {
        const cells = await Promise.all(settings.seeds.map((seed) => planner.cell(coordinates, seed)))
        return { labels: labelsOf(coordinates, cells[0].config), cells }
      })
      const { figure, title, variance } = study
      const values = listed(study)
      const axes = AXES.filter((axis) => (values[axis]?.length ?? 0) > 1)
      return { name, figure, title, variance, axes, conditions: await Promise.all(conditions) }
    }),
  )
  return { name: settings.name, seeds: settings.seeds, studies, cells: planner.cells }
}

/** The values of each axis that a study lists. */
function listed(study: StudySettings): Readonly<Partial<Record<Axis, readonly AxisValue[]>>> {
  const { spaces, extents, methods, noise, epochs } = study
  return { space: spaces, extent: extents, method: methods, noise, epochs }
}

/** All combinations of a study's values; the last axis varies fastest. */
function grid(study: StudySettings): Coordinate[][] {
  const all = listed(study)
  let rows: Coordinate[][] = [[]]
  for (const axis of AXES) {
    const values: readonly (AxisValue | undefined)[] = all[axis] ?? [undefined]
    rows = rows.flatMap((row) => values.map((value): Coordinate[] => [...row, [axis, value]]))
  }
  return rows
}

class Planner {
  readonly #settings: ExperimentSettings
  readonly #source: string
  readonly #files = new Map<string, Settings>()
  /** All cells by their settings. */
  readonly #cells = new Map<string, Cell>()
  /** All cells by their id in lower case, because some file systems ignore case. */
  readonly #byId = new Map<string, Cell>()
  /** Ids of the cells that have a problem, by the sentence that describes it. */
  readonly #problems = new Map<string, Set<string>>()
  readonly #tried = new Set<string>()

  constructor(settings: ExperimentSettings, source: string) {
    this.#settings = settings
    this.#source = source
  }

  get cells(): Cell[] {
    return [...this.#cells.values()]
  }

  /** The cell at some coordinates. Coordinates with equal settings share one. */
  async cell(coordinates: readonly Coordinate[], seed: number): Promise<Cell> {
    const { settings, id } = await this.#compose(coordinates, seed)
    this.#tried.add(id)
    const parsed = configSchema.safeParse(settings, { reportInput: true, error: explainIssue })
    if (!parsed.success) {
      for (const sentence of problemSentences(parsed.error.issues, settings)) this.#report(sentence, id)
      // This cell leads nowhere, because `check` throws.
      return { id, labels: labelsOf(coordinates, settings), seed, config: settings as Config }
    }
    const key = JSON.stringify(parsed.data)
    const known = this.#cells.get(key)
    if (known !== undefined) return known
    const cell: Cell = { id, labels: labelsOf(coordinates, parsed.data), seed, config: { ...parsed.data, name: id } }
    const namesake = this.#byId.get(id.toLowerCase())
    if (namesake !== undefined) {
      this.#report(
        `Expected labels with different names of folders for different settings but received twice ${id}`,
        id,
      )
    }
    this.#cells.set(key, cell)
    this.#byId.set(id.toLowerCase(), cell)
    return cell
  }

  /** Reports a cell whose training does not measure the gradient variance that a figure is to show. */
  requireVarianceSteps({ id, config }: Cell, variance: Variance): void {
    if (config.training?.varianceSteps !== 0) return
    this.#report(
      `Expected at least 2 for training.varianceSteps, because a figure shows ${variance}, but received 0`,
      id,
    )
  }

  /** Throws the problems of all cells as one UserError. */
  check(): void {
    if (this.#problems.size === 0) return
    const sentences = [...this.#problems].map(([sentence, cells]) => {
      const [first, ...others] = cells
      if (cells.size === this.#tried.size) return sentence
      return `${sentence} in ${first}${others.length === 0 ? '' : ` and ${others.length} more`}`
    })
    throw new UserError(listProblems(this.#source, sentences), 2)
  }

  #report(sentence: string, id: string): void {
    const cells = this.#problems.get(sentence) ?? new Set()
    this.#problems.set(sentence, cells.add(id))
  }

  /**
   * Applies the values to the experiment's settings. The id has the method, each other value that changes the settings,
   * and the seed. So it does not change when a study or a value is added after the others.
   */
  async #compose(coordinates: readonly Coordinate[], seed: number): Promise<{ settings: Settings; id: string }> {
    const { config = DEFAULT_CONFIG, groundTruths } = this.#settings
    const values = coordinates.flatMap(([, value]) => value ?? [])
    const replacing = values.filter((value) => value.config !== undefined)
    const start = async (file: string) => ({ ...(await this.#start(file, values)), seed })
    let settings: Settings = await start(replacing[0]?.config ?? config)
    // Without the value that names another file, to see whether it changes anything.
    let others = replacing.length === 0 ? settings : await start(config)
    const words: string[] = []
    for (const [axis, value] of coordinates) {
      const before = value?.config === undefined ? settings : others
      if (value !== undefined) {
        settings = overridden(settings, value.settings)
        others = overridden(others, value.settings)
      }
      if (axis === 'method') words.push(value?.id ?? nameOf('method', settings))
      else if (value !== undefined && meaning(settings) !== meaning(before)) words.push(value.id)
    }
    const space = nameOf('space', settings)
    // A space may be misspelt as what every object inherits. A value's own ground truth is above that of its space.
    if (Object.hasOwn(groundTruths, space)) {
      settings.groundTruth = groundTruths[space]
      for (const { settings: own } of values) {
        if (own.groundTruth !== undefined) settings = overridden(settings, { groundTruth: own.groundTruth })
      }
    }
    settings.seed = seed
    delete settings.name
    const id = [...words, `seed${seed}`].join('-')
    if (replacing.length > 1) {
      const ids = replacing.map((value) => value.id).join(' and ')
      this.#report(`Expected at most one value with a config for each search but received ${ids}`, id)
    }
    return { settings, id }
  }

  /**
   * Settings of a file, changed by the experiment's `set`. What a file says about the embedded data, such as its padding,
   * holds for no other data, be they named by `set` or by a value.
   */
  async #start(file: string, values: readonly AxisValue[]): Promise<Settings> {
    let written = this.#files.get(file)
    if (written === undefined) {
      written = inTodaysForm(await readSettings(file, 'config'))
      requireTaker(written, 'search', file, 'config')
      resolvePaths(written, dirname(file))
      this.#files.set(file, written)
    }
    const { set } = this.#settings
    const changes = [set, ...values.map(({ settings }) => settings)]
    return overridden(changes.reduce(withoutEmbeddedData, written), set)
  }
}

/** A copy of the settings, overridden by changes. */
function overridden(settings: Settings, changes: Settings): Settings {
  return changed(structuredClone(settings), (copy) => override(copy, changes))
}

/**
 * Overrides settings by changes. Null removes a setting. A group of another kind, such as another method, loses its
 * old settings.
 */
function override(settings: Settings, changes: Settings): void {
  for (const [key, value] of Object.entries(changes)) {
    const current = settings[key]
    if (value === null) delete settings[key]
    else if (isGroup(value)) {
      const before = isGroup(current) ? current : {}
      const group = isOfOtherKind(before, value) ? whatKindsShare(before) : before
      settings[key] = group
      override(group, value)
    } else settings[key] = structuredClone(value)
  }
}

/** Name of the space or method; the default if the settings name none. */
function nameOf(group: 'space' | 'method', settings: Settings): string {
  const parsed = configSchema.shape[group].safeParse(settings[group])
  return String((parsed.success ? parsed.data : (settings[group] as Settings | undefined))?.name)
}

/** Settings with all defaults, as text; equal for settings that mean the same. */
function meaning(settings: Settings): string {
  const parsed = configSchema.safeParse({ ...settings, name: undefined })
  return JSON.stringify(parsed.success ? parsed.data : settings)
}

function labelsOf(coordinates: readonly Coordinate[], config: Config | Settings): Labels {
  const labels = coordinates.map(([axis, value]) => {
    const { read, label } = AXIS_KINDS[axis]
    const current = read(config as Settings)
    return [axis, value?.label ?? (current === undefined ? '' : label(current))]
  })
  return Object.fromEntries(labels)
}
