/** Settings of a retraining from the options of the command: from a file, from the run of a search, or from a retraining. */
import { join } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { packageRoot } from '../base/folders.js'
import { assign } from '../config/assign.js'
import { type Config, loadRetrainConfig, namedData, type RetrainConfig } from '../config/index.js'
import { networkSettingNames } from '../config/network.js'
import { isGroup, type Settings } from '../config/settings.js'
import { readSettings } from '../config/yaml.js'
import type { RetrainOptions } from '../retraining/retrain.js'
import { configFile, savedConfig, savedRetraining } from '../runs/saved-settings.js'
import { bestOf, checkImagesOfRun, checkWeightsOfBest } from './best-of-run.js'

/** Recipes by search space, in configs/. */
const RECIPES: Readonly<Record<Config['space']['name'], string>> = {
  nasbench201: 'retrain-nasbench201-cifar10',
  'nasbench1shot1-1': 'retrain-nasbench1shot1-cifar10',
  'nasbench1shot1-2': 'retrain-nasbench1shot1-cifar10',
  'nasbench1shot1-3': 'retrain-nasbench1shot1-cifar10',
  darts: 'retrain-darts-cifar10',
  proxylessnas: 'retrain-proxylessnas-imagenet',
  'nasbench-macro': 'retrain-nasbench-macro-cifar10',
}

/** What a user says about a retraining; see the options of the command. */
export interface RetrainArguments {
  readonly config?: string
  readonly set?: readonly string[]
  readonly out?: string
  readonly resume?: string
  readonly from?: string
  readonly path?: string
  readonly top?: number
  readonly inherit: boolean
  readonly init?: string
  readonly key?: string
  readonly prefix?: string
}

/** Settings of a retraining, and its folder and initial weights. */
export type ChosenRetraining = {
  readonly config: RetrainConfig
  /** What to say first. */
  readonly notes?: readonly string[]
  /** A check that needs the addon. Resolves to more notes. */
  check?(): Promise<readonly string[]>
} & Pick<RetrainOptions, 'out' | 'resume' | 'init' | 'choice' | 'inherit' | 'origin'>

export async function chooseRetraining(argv: RetrainArguments): Promise<ChosenRetraining> {
  const { config: file, set = [], out, resume, from, init, key, prefix, inherit, top } = argv
  if (top !== undefined && from === undefined)
    throw new UserError('Expected --from with --top but received --top alone', 2)
  if (inherit && from === undefined)
    throw new UserError('Expected --from with --inherit but received --inherit alone', 2)
  if (init === undefined && (key !== undefined || prefix !== undefined)) {
    const alone = key === undefined ? '--prefix' : '--key'
    throw new UserError(`Expected --init with ${alone} but received ${alone} alone`, 2)
  }
  const named = argv.path === undefined ? from && `--from ${from}` : '--path'
  if (named !== undefined) refusePath(set, named)
  if (resume !== undefined) {
    await savedRetraining(resume)
    return { config: await loadRetrainConfig({ file: file ?? (await configFile(resume)), set }), resume }
  }
  const places = { out, init, choice: { key, prefix } }
  if (from === undefined) {
    if (file === undefined) throw expected('--config, --from or --resume', 'retrain', 'none of them', 2)
    return { config: await loadRetrainConfig({ file, set: [...set, ...pathSetting(argv.path)] }), ...places }
  }
  const { config, origin, notes, run, ofRecipe } = await configFrom(from, argv)
  const namesImages = ofRecipe || set.some((assignment) => /^data(\.format)?=/.test(assignment))
  const check = async () => {
    if (argv.path === undefined) await checkWeightsOfBest(from)
    return namesImages ? [] : checkImagesOfRun(from, run.data, config.data)
  }
  return { config, origin, notes, check, ...places, ...(inherit && { inherit: from }) }
}

/** The recipe for an architecture of a search's run. */
async function configFrom(
  from: string,
  { config, set = [], path, top, inherit }: RetrainArguments,
): Promise<{ config: RetrainConfig; origin: string; notes: string[]; run: Config; ofRecipe: boolean }> {
  const run = await savedConfig(from)
  const { name } = run.space
  const file = config ?? join(packageRoot, 'configs', `${RECIPES[name]}.yaml`)
  const recipe = await readSettings(file, '--config')
  const network = isGroup(recipe.network) ? recipe.network : {}
  const group = RECIPES[name]
  if (config !== undefined && network.space !== undefined && RECIPES[network.space as keyof typeof RECIPES] !== group) {
    throw expected(`a recipe of ${name}`, '--config', `one of ${network.space}`, 2)
  }
  const instead = 'name an architecture with --path'
  const best =
    path === undefined ? await bestOf(from, run, { top, instead }) : { arch: path, origin: `named, of ${from}` }
  const ofRun = [`network.space=${name}`, ...pathSetting(best.arch)]
  for (const [key, value] of Object.entries(run.space)) {
    // Layers are part of what a path means; sizes must be the supernet's only if its weights are taken.
    if (key === 'layers' || (inherit && networkSettingNames(name).includes(key))) {
      ofRun.push(`network.${key}=${JSON.stringify(value)}`)
    }
  }
  // The data of a recipe of the package are the benchmark's. A user's own recipe may name data.
  // A search held images out to choose by them. The choice is made, so the network learns from them too.
  const { validationCount: _, ...data } = run.data
  const ofRecipe = config !== undefined && isGroup(recipe.data)
  const named = namedData(set).data
  const format = isGroup(named) && named.format !== undefined ? named.format : data.format
  // Nothing that the run says of its data, such as their padding, holds for others.
  if (!ofRecipe) ofRun.push(`data=${JSON.stringify(format === data.format ? data : {})}`)
  const small = config === undefined && name === 'nasbench201' && format === 'imagenet16-120'
  // As the benchmark trains its networks on images of 16×16.
  if (small) ofRun.push('training.augmentation=[{kind: flip}, {kind: pad-crop, padding: 2}]')
  const notes =
    ofRecipe && named === undefined ? [`images: those that the recipe ${config} names, not those of ${from}`] : []
  const { device, precision, threads } = run
  const computation = { device, precision, ...(threads !== undefined && { threads }) }
  const sources =
    config === undefined
      ? { set: [...settingsOf(computation), ...ofRun, ...set] }
      : { defaults: computation, set: [...ofRun, ...set] }
  return { config: await loadRetrainConfig({ file, ...sources }), origin: best.origin, notes, run, ofRecipe }
}

/** Refuses an assignment that would take the place of the architecture of `named`. */
function refusePath(set: readonly string[], named: string): void {
  for (const assignment of set) {
    const assigned: Settings = {}
    assign(assigned, assignment)
    if (!isGroup(assigned.network) || assigned.network.path === undefined) continue
    const instead = named === '--path' ? '' : '; --path names another architecture'
    throw expected(`no network.path beside ${named}${instead},`, '--set', assignment, 2)
  }
}

function settingsOf(values: object): string[] {
  return Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
}

function pathSetting(path: string | undefined): string[] {
  return path === undefined ? [] : [`network.path=${path}`]
}
