/** From an experiment's file to its cells: every search that it asks for, once, under a name that stays the same. */
import { dirname } from 'node:path'
import { UserError } from '../base/errors.js'
import { changed, inTodaysForm } from '../config/earlier-forms.js'
import { type Config, DEFAULT_CONFIG } from '../config/index.js'
import { explainIssue, listProblems, problemSentences } from '../config/problems.js'
import { configSchema } from '../config/schema.js'
import { isGroup, readSettings, resolvePaths, type Settings } from '../config/settings.js'
import { AXES, AXIS_KINDS, type Axis, type AxisValue } from './axes.js'
import type { ExperimentSettings, StudySettings, Variance } from './settings.js'

/** What tables and figures call the value of each axis; empty where the settings have none. */
export type Labels = Readonly<Record<Axis, string>>

/** One search. */
export interface Cell {
  /** Name of its run folder. */
  readonly id: string
  readonly labels: Labels
  readonly seed: number
  readonly config: Config
}

/** One point of a figure: searches that differ in their seed only. */
export interface Condition {
  readonly labels: Labels
  /** In the order of the seeds. */
  readonly cells: readonly Cell[]
}

/** Conditions that one figure compares. */
export interface Study {
  readonly name: string
  readonly figure: StudySettings['figure']
  readonly title?: string
  readonly variance: Variance
  /** In the order of the file. */
  readonly conditions: readonly Condition[]
}

/** An experiment, planned: every search that it consists of. */
export interface Experiment {
  readonly name: string
  readonly seeds: readonly number[]
  readonly studies: readonly Study[]
  /** All searches, each once: the first seed of every condition, then the second, so that a part of them says most. */
  readonly cells: readonly Cell[]
}

/** An axis with one of its values; undefined for what the settings say. */
type Coordinate = readonly [Axis, AxisValue | undefined]

/** @throws UserError with exit code 2, naming whatever is wrong with the settings of any cell. */
export async function plan(settings: ExperimentSettings, source: string): Promise<Experiment> {
  const planner = new Planner(settings, source)
  // Seeds first: a cell is planned before those that it shall run before.
  for (const seed of settings.seeds) {
    for (const study of Object.values(settings.studies)) {
      for (const coordinates of grid(study)) await planner.cell(coordinates, seed)
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
      return { name, figure, title, variance, conditions: await Promise.all(conditions) }
    }),
  )
  return { name: settings.name, seeds: settings.seeds, studies, cells: planner.cells }
}

/** Every combination of a study's values; the last axis varies fastest. */
function grid(study: StudySettings): Coordinate[][] {
  const values = { space: study.spaces, extent: study.extents, method: study.methods, noise: study.noise }
  let rows: Coordinate[][] = [[]]
  for (const axis of AXES) {
    const of: readonly (AxisValue | undefined)[] = { ...values, epochs: study.epochs }[axis] ?? [undefined]
    rows = rows.flatMap((row) => of.map((value): Coordinate[] => [...row, [axis, value]]))
  }
  return rows
}

class Planner {
  readonly #settings: ExperimentSettings
  readonly #source: string
  readonly #files = new Map<string, Settings>()
  /** By what they are; and the same by name, without regard to case, as in some file systems. */
  readonly #cells = new Map<string, Cell>()
  readonly #byId = new Map<string, Cell>()
  /** Which cells have a problem, by the sentence that tells it. */
  readonly #problems = new Map<string, Set<string>>()
  readonly #tried = new Set<string>()

  constructor(settings: ExperimentSettings, source: string) {
    this.#settings = settings
    this.#source = source
  }

  get cells(): Cell[] {
    return [...this.#cells.values()]
  }

  /** The cell of some coordinates, whichever study asked for it first. */
  async cell(coordinates: readonly Coordinate[], seed: number): Promise<Cell> {
    const { settings, id } = await this.#compose(coordinates, seed)
    this.#tried.add(id)
    const parsed = configSchema.safeParse(settings, { reportInput: true, error: explainIssue })
    if (!parsed.success) {
      for (const sentence of problemSentences(parsed.error.issues, settings)) this.#report(sentence, id)
      // Only the problems leave the planner now.
      return { id, labels: labelsOf(coordinates, settings), seed, config: settings as Config }
    }
    const what = JSON.stringify(parsed.data)
    const known = this.#cells.get(what)
    if (known !== undefined) return known
    const cell: Cell = { id, labels: labelsOf(coordinates, parsed.data), seed, config: { ...parsed.data, name: id } }
    const namesake = this.#byId.get(id.toLowerCase())
    if (namesake !== undefined) {
      this.#report(`Expected different labels for different settings but received two of ${id}`, id)
    }
    this.#cells.set(what, cell)
    this.#byId.set(id.toLowerCase(), cell)
    return cell
  }

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
   * Lays the values over the experiment's settings. The name has the method, the seed, and whatever else changes
   * something: so it stays what it is when another study or value is added.
   */
  async #compose(coordinates: readonly Coordinate[], seed: number): Promise<{ settings: Settings; id: string }> {
    const { config = DEFAULT_CONFIG, set, groundTruths } = this.#settings
    let settings = await this.#start(config, set)
    settings.seed = seed
    const words: string[] = []
    for (const [axis, value] of coordinates) {
      const before = meaning(settings)
      if (value?.config !== undefined) {
        settings = await this.#start(value.config, set)
        settings.seed = seed
      }
      if (value !== undefined) settings = changed(settings, (settings) => lay(settings, value.settings))
      if (axis === 'method') words.push(value?.id ?? nameOf('method', settings))
      else if (value !== undefined && meaning(settings) !== before) words.push(value.id)
    }
    const table = groundTruths[nameOf('space', settings)]
    if (table !== undefined) settings.groundTruth = table
    settings.seed = seed
    delete settings.name
    return { settings, id: [...words, `seed${seed}`].join('-') }
  }

  /** The settings of a file, with those of the experiment laid over them. */
  async #start(file: string, set: Settings): Promise<Settings> {
    let written = this.#files.get(file)
    if (written === undefined) {
      written = inTodaysForm(await readSettings(file, 'config'))
      resolvePaths(written, dirname(file))
      this.#files.set(file, written)
    }
    return changed(structuredClone(written), (settings) => lay(settings, set))
  }
}

/**
 * Lays settings over others: a group with another name, as another method, begins anew, and null takes a setting away.
 */
function lay(settings: Settings, changes: Settings): void {
  for (const [key, value] of Object.entries(changes)) {
    const current = settings[key]
    if (value === null) delete settings[key]
    else if (isGroup(value)) {
      const begun = isGroup(current) && (value.name === undefined || value.name === current.name) ? current : {}
      settings[key] = begun
      lay(begun, value)
    } else settings[key] = structuredClone(value)
  }
}

/** The name of the space or method, by default where the settings do not say. */
function nameOf(group: 'space' | 'method', settings: Settings): string {
  const parsed = configSchema.shape[group].safeParse(settings[group])
  return String((parsed.success ? parsed.data : (settings[group] as Settings | undefined))?.name)
}

/** What settings come to once every default is filled in; equal for settings that mean the same. */
function meaning(settings: Settings): string {
  const parsed = configSchema.safeParse({ ...settings, name: undefined })
  return JSON.stringify(parsed.success ? parsed.data : settings)
}

function labelsOf(coordinates: readonly Coordinate[], config: Config | Settings): Labels {
  const labels = coordinates.map(([axis, value]) => {
    const { read, label } = AXIS_KINDS[axis]
    const own = read(config as Settings)
    return [axis, value?.label ?? (own === undefined ? '' : label(own))]
  })
  return Object.fromEntries(labels)
}
