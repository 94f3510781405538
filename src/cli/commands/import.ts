import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { integer } from '../../base/format.js'
import { assign } from '../../config/assign.js'
import { type Config, configOfSettings, loadConfig } from '../../config/index.js'
import { isGroup, type Settings } from '../../config/settings.js'
import { SPACES } from '../../config/spaces.js'
import { readSettings } from '../../config/yaml.js'
import { placeOf } from '../../formats/state-dict.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { importOpened } from '../../search/import-run.js'
import { ensureNative } from '../../setup/index.js'
import type { Explained, ImportReport } from '../../weights/import-weights.js'
import { listed } from '../../weights/match.js'
import { NAME_MAP_NAMES, onlySpaceOf, supernetShapes } from '../../weights/name-maps/index.js'
import { settingsOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { choice, configOption, jsonOption, keyOption, onePath, oneText, prefixOption, setOption } from '../options.js'
import { describeKey, keyFields } from '../output/weights.js'
import { onInterrupt } from '../signals.js'

const options = {
  space: {
    ...choice('--space', SPACES),
    describe: 'Search space, if neither --config nor the checkpoint determines it',
  },
  config: {
    ...configOption,
    defaultDescription: 'of a run folder its own; else the published settings, on the embedded data',
  },
  set: setOption,
  key: keyOption,
  prefix: prefixOption,
  from: {
    ...choice('--from', NAME_MAP_NAMES),
    describe: 'Naming scheme of the checkpoint',
    defaultDescription: 'detected',
  },
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Path that the weights belong to, as numbers of options or in the notation of its space',
    coerce: oneText('--path'),
  },
  'no-strict': {
    type: 'boolean',
    default: false,
    describe: 'Import matching tensors, keep initial values of missing ones, and ignore the rest',
  },
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'Run folder to create',
    coerce: onePath('--out'),
  },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { source?: string }

export const importCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        describe: 'PyTorch state dict, .safetensors or run folder',
        coerce: onePath('import'),
      })
      .options(options),
  async handler({ source, key, prefix, from, path, out, json, ...argv }) {
    if (source === undefined) throw expected('a checkpoint', 'import', 'none', 2)
    const opened = await openWeights(source, { key, prefix })
    if (opened.retraining !== undefined && path === undefined) {
      const received = `those of a network trained alone, in ${opened.retraining.folder}; retrain --init begins with them`
      throw expected('weights of a supernet', 'import', received, 2)
    }
    const config = await settings({ from, ...argv }, opened)
    const log = (line: string) => process.stderr.write(`${line}\n`)
    using interruption = onInterrupt(log)
    const { signal } = interruption
    await ensureNative({ log, signal })
    const { run, report } = await importOpened(config, opened, { from, path, strict: !argv['no-strict'], out, signal })
    const result = { event: 'result', source, run, ...keyFields(opened), ...report }
    const lines = json ? [JSON.stringify(result)] : [...describeKey(opened), ...describe(run, report)]
    process.stdout.write(`${lines.join('\n')}\n`)
  },
}

/** Settings from options and file, or from the run, then from the weights, then the published ones: the first that exist. */
async function settings(
  { config, space, set = [], from }: Pick<Arguments, 'config' | 'space' | 'set' | 'from'>,
  opened: OpenedWeights,
): Promise<Config> {
  const { weights, run, isRunFolder } = opened
  const file = config ?? (isRunFolder && run !== undefined ? join(opened.source, 'config.yaml') : undefined)
  const source = placeOf(opened.source, opened)
  const written: Settings = file === undefined ? {} : await readSettings(file, '--config')
  const isSame = isGroup(written.space) && written.space.name === space
  const named = space === undefined || isSame ? set : [`space={name: ${space}}`, ...set]
  for (const assignment of named) assign(written, assignment)
  const given: Settings = isGroup(written.space) ? { ...written.space } : {}
  const shapes = supernetShapes(weights, from)
  if (shapes.size === 0) given.name ??= onlySpaceOf(weights, from)
  const detected = await settingsOfCheckpoint(shapes, { source, given, run, published: true })
  const all = [...named, `space=${JSON.stringify(detected.settings)}`]
  return file === undefined ? configOfSettings(all) : loadConfig({ file, set: all })
}

/** One line per outcome of tensors, with the first few names. */
function describe(run: string, report: ImportReport): string[] {
  const { matched, from, space, arch, filled, initial, passedOver, misfits, lost, left } = report
  const lines = [
    `${integer(matched)} tensors of ${arch === undefined ? space : `${arch} of ${space}`}, found by the names of ${from}`,
  ]
  const add = (what: string, names: readonly string[]) => {
    const text = listed(what, names)
    if (text !== undefined) lines.push(text)
  }
  for (const [reason, names] of byReason(filled)) add(`filled (${reason})`, names)
  for (const [reason, names] of byReason(passedOver)) add(`passed over (${reason})`, names)
  add('kept at their initial values', initial)
  add('of another shape', misfits)
  add(`lost, because norms of ${space} have no parameters`, lost)
  add('left over', left)
  lines.push(`Run folder ${run}: rank, find, export and train --resume continue from here`)
  return lines
}

function byReason(tensors: readonly Explained[]): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { name, reason } of tensors) names.set(reason, [...(names.get(reason) ?? []), name])
  return names
}
