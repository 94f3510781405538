import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { readWeights } from '../checkpoint/read-weights.js'
import { type Tensor, writeSafetensors } from '../checkpoint/safetensors.js'
import { subModelWeights } from '../checkpoint/sub-model.js'
import { writeTorchStateDict } from '../checkpoint/torch-writer.js'
import { type Config, configOfSettings } from '../config/index.js'
import { imageExtents } from '../data/extents.js'
import { UserError } from '../errors.js'
import { spaceOfWeights } from '../methods/close/space.js'
import { readCheckpoint } from '../runs/checkpoint.js'
import { savedConfig } from '../runs/run-folder.js'
import { createSpace, parsePath, type SearchSpace, SPACES } from '../spaces/index.js'
import { jsonOption, onePath, setOption } from './options.js'
import { integer } from './output/format.js'

const options = {
  format: {
    choices: ['pt', 'safetensors'] as const,
    default: 'pt' as const,
    requiresArg: true,
    describe: 'What to write',
  },
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Only the weights of this path, as operation indices or architecture',
    coerce: onePath('--path'),
  },
  space: { choices: SPACES, requiresArg: true, describe: 'Search space of a file, for --path' },
  set: { ...setOption, describe: 'Settings of the space of a file: space.key=value …' },
  out: { type: 'string', requiresArg: true, demandOption: true, describe: 'File to write', coerce: onePath('--out') },
  json: jsonOption,
} as const

type Weights = ReadonlyMap<string, Tensor>
type Arguments = InferredOptionTypes<typeof options> & { source?: string }

export const exportCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('source', { type: 'string', describe: 'Run folder or checkpoint file', coerce: onePath('export') })
      .options(options),
  async handler({ source, format, path: text, space: name, set, out, json }) {
    if (source === undefined)
      throw new UserError('Expected a run folder or a checkpoint for export but received none', 2)
    const folder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
    if (folder && (name !== undefined || set !== undefined)) {
      throw new UserError(`Expected a checkpoint file with --space and --set but received the run ${source}`, 2)
    }
    if (text === undefined && (name !== undefined || set !== undefined)) {
      throw new UserError('Expected --path with --space and --set but received them alone', 2)
    }
    const weights = folder ? await weightsOfRun(source) : await readWeights(source)
    let tensors = weights
    let arch: string | undefined
    if (text !== undefined) {
      const space = folder ? await spaceOfRun(source, weights) : spaceOfFile(source, weights, name, set)
      const path = parsePath(space, text)
      arch = space.encode(path)
      tensors = subModelWeights(space, path, weights)
    }
    if (format === 'pt') await writeTorchStateDict(out, tensors)
    else await writeSafetensors(out, tensors, { format: 'pt' })
    let scalars = 0
    for (const { data } of tensors.values()) scalars += data.length
    const result = { event: 'result', output: out, format, tensors: tensors.size, scalars, ...(arch && { arch }) }
    const sentence = `${integer(tensors.size)} tensors with ${integer(scalars)} numbers${arch ? ` of ${arch}` : ''} in ${out}`
    process.stdout.write(`${json ? JSON.stringify(result) : sentence}\n`)
  },
}

async function weightsOfRun(run: string): Promise<Weights> {
  await savedConfig(run)
  const checkpoint = await readCheckpoint(join(run, 'checkpoint'))
  if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint to export but received ${run}`)
  return checkpoint.snapshot.weights
}

async function spaceOfRun(run: string, weights: Weights): Promise<SearchSpace> {
  const { space, data }: Config = await savedConfig(run)
  const { input, classes } = await imageExtents(data)
  return spaceOfWeights(createSpace(space, input, classes), weights)
}

/** Channels and classes are in the weights; the extent of images decides on no tensor. */
function spaceOfFile(
  file: string,
  weights: Weights,
  name: string | undefined,
  set: readonly string[] = [],
): SearchSpace {
  if (name === undefined)
    throw new UserError(`Expected --space with --path for the checkpoint ${file} but received none`, 2)
  const outside = set.find((setting) => !setting.startsWith('space.'))
  if (outside !== undefined) throw new UserError(`Expected a setting of space for --set but received "${outside}"`, 2)
  const { space } = configOfSettings([`space={name: ${name}}`, ...set])
  const stem = [...weights].find(([tensor, { shape }]) => /stem/.test(tensor) && shape.length === 4)
  const input = { channels: stem?.[1].shape[1] ?? 3, height: 32, width: 32 }
  const classes = weights.get('classifier.weight')?.shape[0] ?? 10
  return spaceOfWeights(createSpace(space, input, classes), weights)
}
