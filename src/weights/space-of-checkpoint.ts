/**
 * Finds the search space of weights, by one rule for all commands. A setting comes from the caller, else from the names
 * and shapes of the weights, else from the run that the weights come from.
 */
import { expected, UserError } from '../base/errors.js'
import { parseConfig } from '../config/index.js'
import { type SpaceConfig, spaceSettingNames } from '../config/spaces.js'
import type { Tensor } from '../formats/safetensors.js'
import { trainedSpace } from '../methods/index.js'
import type { TrainedSpace } from '../methods/method.js'
import type { Shape } from '../programs/program.js'
import {
  createSpace,
  SPACES,
  type SpaceName,
  type ToldByWeights,
  toldByWeights,
  type WeightShapes,
} from '../spaces/index.js'

/** Sources of settings other than the weights. */
export interface CheckpointSources {
  /** Name of the weights in messages; default `the checkpoint`. */
  readonly source?: string
  /** Settings of the space, as in the group `space`. They override settings that the weights tell. */
  readonly given?: Readonly<Record<string, unknown>>
  /** Reads the settings of the run that the weights come from. Called only if they are needed. */
  run?(): Promise<{ readonly space: SpaceConfig }>
  /** If true, a setting that nothing tells has its published value. If false (default), it is an error. */
  readonly published?: boolean
}

/** Settings of a space, and numbers of channels and classes if the weights tell them. */
interface CheckpointSettings {
  readonly settings: SpaceConfig
  readonly told: Omit<ToldByWeights, 'settings'>
}

/**
 * The space of weights under the supernet's names, with the method's own weights if there are some. The weights tell
 * the numbers of channels and classes, but not the height and width of images: their default is the space's usual size.
 *
 * @throws UserError for weights of no space or of several, for a setting that nothing tells, and for settings that
 *   describe no network.
 */
export async function spaceOfCheckpoint(
  weights: ReadonlyMap<string, Tensor>,
  { images = {}, ...sources }: CheckpointSources & { readonly images?: Partial<Shape> } = {},
): Promise<TrainedSpace> {
  const { settings, told } = await settingsOfCheckpoint(weights, sources)
  const usual = createSpace(settings).input
  const { channels = told.channels ?? usual.channels, height = usual.height, width = usual.width } = images
  return trainedSpace(createSpace(settings, { channels, height, width }, told.classes), weights)
}

/** The settings of the space of weights under the supernet's names; throws as {@link spaceOfCheckpoint} does. */
export async function settingsOfCheckpoint(
  weights: WeightShapes,
  sources: CheckpointSources = {},
): Promise<CheckpointSettings> {
  const { given = {}, run, published = false, source = 'the checkpoint' } = sources
  const name = await spaceNameOfCheckpoint(weights, sources)
  const told = toldByWeights(name, weights)
  const names = spaceSettingNames(name)
  const isComplete = (settings: Record<string, unknown>) => names.every((key) => settings[key] !== undefined)
  let settings: Record<string, unknown> = { ...defined(told?.settings ?? {}), ...given, name }
  if (!isComplete(settings)) {
    const saved = (await run?.())?.space
    if (saved?.name === name) settings = { ...saved, ...settings }
  }
  if (!isComplete(settings) && !published) {
    if (told === undefined) {
      throw new UserError(`Expected weights of ${name} in ${source} but received ${firstNames(weights)}`)
    }
    const missing = names.filter((key) => settings[key] === undefined).map((key) => `space.${key}`)
    throw new UserError(
      `Expected a setting of ${missing.join(' and ')}, which the weights in ${source} do not tell, but received none`,
      2,
    )
  }
  const { channels, classes } = told ?? {}
  return { settings: parseConfig({ space: settings as SpaceConfig }).space, told: { channels, classes } }
}

/** The name of the space of weights; throws as {@link spaceOfCheckpoint} does. */
export async function spaceNameOfCheckpoint(
  weights: WeightShapes,
  { given = {}, run, source = 'the checkpoint' }: CheckpointSources = {},
): Promise<SpaceName> {
  if (given.name !== undefined) return given.name as SpaceName
  const possible = SPACES.filter((name) => toldByWeights(name, weights) !== undefined)
  if (possible.length === 1) return possible[0]
  const saved = (await run?.())?.space.name
  if (saved !== undefined && (possible.length === 0 || possible.includes(saved))) return saved
  const names = weights.size === 0 ? 'no weights' : `the weights ${firstNames(weights)}`
  const found = possible.length === 0 ? names : `weights of ${possible.join(' and ')}`
  const wanted = (possible.length === 0 ? SPACES : possible).join(' or ')
  throw expected(wanted, 'space.name', `none, and ${source} has ${found}`, 2)
}

function firstNames(weights: WeightShapes): string {
  return weights.size === 0 ? 'none' : [...weights.keys()].slice(0, 3).join(', ')
}

function defined(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}
