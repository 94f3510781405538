/** What a run must keep when it continues: its settings of training, space, method and images. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../base/errors.js'
import { shellCommand } from '../base/shell.js'
import { type Config, isRetraining, parseConfig, parseRetrainConfig, type RetrainConfig } from '../config/index.js'
import { isGroup } from '../config/settings.js'
import { SPACES } from '../config/spaces.js'
import type { Checkpoint, Identity } from './checkpoint.js'

/** Settings that may differ when a run continues, because they do not change training. */
const CHANGEABLE = new Set([
  'name',
  'threads',
  'data.ahead',
  'data.dir',
  'data.onError',
  'data.source',
  'training.checkpointSeconds',
  'ranking',
  'finding',
  'groundTruth',
  'logging',
  'distributed.backend',
  'distributed.startSeconds',
  'distributed.silenceSeconds',
  'distributed.patienceSeconds',
])

/** Differences in settings that a run must keep, one phrase per setting. */
export function settingDifferences(saved: Config | RetrainConfig, config: Config | RetrainConfig): string[] {
  return differencesOf(saved, config, CHANGEABLE)
}

/** All differences between groups of settings but the `ignored` ones, one phrase per setting. */
export function differencesOf(saved: object, others: object, ignored: ReadonlySet<string> = new Set()): string[] {
  return differences(saved, others, '', ignored).map(
    ({ key, saved, received }) => `${key}: ${show(saved)}, not ${show(received)}`,
  )
}

/** Settings of ranking, finding and ground truth that a run continues with in the place of others, one phrase each. */
export function changedOutcome(saved: Config, config: Config): string[] {
  return (['ranking', 'finding', 'groundTruth'] as const)
    .flatMap((group) => differences(saved[group], config[group], group, new Set()))
    .map(({ key, saved, received }) => `${key}: ${show(received)}, before ${show(saved)}`)
}

/** Throws a UserError unless a run at `path` that was opened last with the settings `saved` may continue with others. */
export function checkSettings(saved: Config | RetrainConfig, config: Config | RetrainConfig, path: string): void {
  refuse(
    settingDifferences(saved, config),
    'Expected the settings that the run was started with but received others',
    saved,
    config,
    path,
  )
}

/** Throws a UserError unless the settings are those that a run at `path` made its checkpoint with. */
export function checkTrained(
  { settings }: Pick<Checkpoint, 'settings'>,
  config: Config | RetrainConfig,
  path: string,
): void {
  if (settings === undefined) return
  const trained = isRetraining(settings)
    ? parseRetrainConfig(settings as RetrainConfig)
    : parseConfig(settings as Config)
  refuse(
    settingDifferences(trained, config),
    `Expected a checkpoint in ${path} of the settings in its config.yaml but received one of others`,
    trained,
    config,
    path,
  )
}

function refuse(
  sentences: readonly string[],
  sentence: string,
  saved: Config | RetrainConfig,
  { training }: Config | RetrainConfig,
  path: string,
): void {
  if (sentences.length === 0) return
  const longer = training.epochs > saved.training.epochs
  const begin = isRetraining(saved) ? ['retrain', '--init', path] : ['import', path]
  const settings = ['--config', join(path, 'config.yaml'), '--set', `training.epochs=${training.epochs}`]
  const command = shellCommand('npx', 'pada-native', ...begin, ...settings, '--out', 'FOLDER')
  const { epochs } = training
  const further = isRetraining(saved)
    ? `trains its weights for ${epochs} more epochs, in a new run`
    : `begins a new run with its weights, which \`train --resume FOLDER\` trains for ${epochs} more epochs`
  const advice = longer ? `; \`${command}\` ${further}` : ''
  throw new UserError(`${sentence}: ${sentences.join('; ')}${advice}`, 2)
}

function differences(
  saved: unknown,
  received: unknown,
  key: string,
  ignored: ReadonlySet<string>,
): { key: string; saved: unknown; received: unknown }[] {
  if (ignored.has(key) || isDeepStrictEqual(saved, received)) return []
  if (!isGroup(saved) || !isGroup(received)) return [{ key, saved, received }]
  const keys = new Set([...Object.keys(saved), ...Object.keys(received)])
  return [...keys].flatMap((name) =>
    differences(saved[name], received[name], key === '' ? name : `${key}.${name}`, ignored),
  )
}

/** Throws a UserError unless space, method and images are those of the run at `path`. */
export function checkIdentity(
  { identity: saved }: Pick<Checkpoint, 'identity'>,
  current: Identity,
  path: string,
): void {
  if (saved.trainingImages === undefined) {
    const received = 'one of an earlier version, which knows their labels only; import takes its weights to a new run'
    throw new UserError(`Expected a checkpoint that knows its training images in ${path} but received ${received}`)
  }
  const ofSpace = (received: string) =>
    new UserError(`Expected a checkpoint of this ${current.space} in ${path} but received one of ${received}`)
  if (saved.space !== current.space) {
    const isForeign = !SPACES.some((name) => name === saved.space)
    throw ofSpace(`${saved.space}${isForeign ? ': only a script knows that space' : ''}`)
  }
  if (saved.method !== current.method) {
    const name = (method: string | undefined) => method ?? 'the method that the settings name'
    throw new UserError(
      `Expected a checkpoint of ${name(current.method)} in ${path} but received ${name(saved.method)}`,
    )
  }
  if (saved.trainingImages !== current.trainingImages) {
    const other = otherSource(saved.source, current.source)
    throw new UserError(`Expected the training images that ${path} was started with but received others${other}`)
  }
  if (saved.testImages !== current.testImages) {
    throw new UserError(`Expected the test images that ${path} was started with but received others`)
  }
  // Images of another size or number of classes make another space too.
  if (saved.spaceDigest !== current.spaceDigest) throw ofSpace(`another ${saved.space}`)
}

/** What to do if images are others because they are read in another way. Which one `auto` takes depends on the memory. */
function otherSource(saved: Identity['source'], current: Identity['source']): string {
  if (saved === undefined || current === undefined || saved === current) return ''
  const [those, these] = saved === 'resident' ? ['kept in memory', 'streamed'] : ['streamed', 'kept in memory']
  return `: those were ${those} and these are ${these}; search or retrain --resume RUN --set data.source=${saved} reads them as before`
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
