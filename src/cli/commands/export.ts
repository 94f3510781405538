import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { UserError } from '../../base/errors.js'
import { type Config, configOfSettings } from '../../config/index.js'
import { imageExtents } from '../../data/extents.js'
import { type Tensor, writeSafetensors } from '../../formats/safetensors.js'
import { writeTorchStateDict } from '../../formats/torch-writer.js'
import { spaceOfWeights } from '../../methods/close/space.js'
import { writeOnnx } from '../../onnx/write-onnx.js'
import { readCheckpoint } from '../../runs/checkpoint.js'
import { savedConfig } from '../../runs/run-folder.js'
import { createSpace, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { readWeights } from '../../weights/read-weights.js'
import { subModelWeights } from '../../weights/sub-model.js'
import { hasAffineNorms, jsonOption, onePath, setOption, whole } from '../options.js'
import { integer } from '../output/format.js'

/** For PyTorch, as safetensors, and as a model that onnxruntime runs. */
const FORMATS = ['pt', 'safetensors', 'onnx'] as const

const options = {
  format: {
    choices: FORMATS,
    default: 'pt' as const,
    requiresArg: true,
    describe: 'What to write',
  },
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Only this path, as operation indices or architecture',
    coerce: onePath('--path'),
  },
  space: { choices: SPACES, requiresArg: true, describe: 'Search space of a file, for --path' },
  set: { ...setOption, describe: 'Settings of the space of a file: space.key=value …' },
  size: {
    type: 'number',
    requiresArg: true,
    describe: 'Height and width of the images of a file, for onnx',
    defaultDescription: 'those that are usual in the space',
  },
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
  async handler(argv) {
    const { source, format, path: text, out, json } = argv
    if (source === undefined)
      throw new UserError('Expected a run folder or a checkpoint for export but received none', 2)
    const folder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
    checkUsage(argv, folder)
    const weights = folder ? await weightsOfRun(source) : await readWeights(source)
    let tensors = weights
    let arch: string | undefined
    if (text !== undefined) {
      const space = folder ? await spaceOfRun(source, weights) : spaceOfFile(source, weights, argv)
      const path = parsePath(space, text)
      arch = space.encode(path)
      tensors = subModelWeights(space, path, weights, { idle: format !== 'onnx' })
      if (format === 'onnx') await writeOnnx(out, space, path, tensors)
    }
    if (format === 'pt') await writeTorchStateDict(out, tensors)
    else if (format === 'safetensors') await writeSafetensors(out, tensors, { format: 'pt' })
    let scalars = 0
    for (const { data } of tensors.values()) scalars += data.length
    const result = { event: 'result', output: out, format, tensors: tensors.size, scalars, ...(arch && { arch }) }
    const sentence = `${integer(tensors.size)} tensors with ${integer(scalars)} numbers${arch ? ` of ${arch}` : ''} in ${out}`
    process.stdout.write(`${json ? JSON.stringify(result) : sentence}\n`)
  },
}

/** Refuses options without those that they go with, and those of a file beside a run. */
function checkUsage({ source, format, path, space, set, size }: Arguments, folder: boolean): void {
  if (folder && (space !== undefined || set !== undefined || size !== undefined)) {
    throw new UserError(`Expected a checkpoint file with --space, --set and --size but received the run ${source}`, 2)
  }
  if (path === undefined && (space !== undefined || set !== undefined)) {
    throw new UserError('Expected --path with --space and --set but received them alone', 2)
  }
  if (path === undefined && format === 'onnx') {
    throw new UserError('Expected --path with --format onnx but received none', 2)
  }
  if (size !== undefined && format !== 'onnx') {
    throw new UserError(`Expected --format onnx with --size but received ${format}`, 2)
  }
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
  { space: name, set = [], size }: Pick<Arguments, 'space' | 'set' | 'size'>,
): SearchSpace {
  if (name === undefined)
    throw new UserError(`Expected --space with --path for the checkpoint ${file} but received none`, 2)
  const outside = set.find((setting) => !setting.startsWith('space.'))
  if (outside !== undefined) throw new UserError(`Expected a setting of space for --set but received "${outside}"`, 2)
  // A path would silently be written without the scales and shifts that the file has.
  const affine = hasAffineNorms(name, weights) ? ['space.affine=true'] : []
  const { space } = configOfSettings([`space={name: ${name}}`, ...affine, ...set])
  const usual = createSpace(space)
  const { height, width } = size === undefined ? usual.input : { height: whole('size', size), width: size }
  const stem = [...weights].find(([tensor, { shape }]) => /stem/.test(tensor) && shape.length === 4)
  const channels = stem?.[1].shape[1] ?? usual.input.channels
  const classes = weights.get('classifier.weight')?.shape[0] ?? usual.classes
  return spaceOfWeights(createSpace(space, { channels, height, width }, classes), weights)
}
