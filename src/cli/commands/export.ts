import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { imageExtents } from '../../data/extents.js'
import { writeSafetensors } from '../../formats/safetensors.js'
import { writeTorchStateDict } from '../../formats/torch-writer.js'
import { writeOnnx } from '../../onnx/write-onnx.js'
import type { Shape } from '../../programs/program.js'
import { networkOfRun } from '../../retraining/network-of-run.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { BEST_WEIGHTS } from '../../runs/run-folder.js'
import { type Path, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { readWeights } from '../../weights/read-weights.js'
import { spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { subModelWeights } from '../../weights/sub-model.js'
import { givenSpace, jsonOption, onePath, setOption, whole } from '../options.js'
import { integer } from '../output/format.js'

/** `pt` is for PyTorch; onnxruntime runs models in `onnx`. */
const FORMATS = ['pt', 'safetensors', 'onnx'] as const

const options = {
  format: {
    choices: FORMATS,
    default: 'pt' as const,
    requiresArg: true,
    describe: 'Format of the output',
  },
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Export only this path, as operation indices or architecture',
    coerce: onePath('--path'),
  },
  space: {
    choices: SPACES,
    requiresArg: true,
    describe: 'Search space of a checkpoint file, with --path',
    defaultDescription: 'detected',
  },
  set: {
    ...setOption,
    describe: 'Settings of the space of a checkpoint file, with --path: space.key=value …',
    defaultDescription: 'detected',
  },
  size: {
    type: 'number',
    requiresArg: true,
    describe: 'Height and width of images for a checkpoint file, with --format onnx',
    defaultDescription: "from the file's run, or usual in the space",
  },
  best: {
    type: 'boolean',
    default: false,
    describe: 'Of the run of a retraining: the weights of its best epoch, not of its last one',
  },
  out: { type: 'string', requiresArg: true, demandOption: true, describe: 'File to write', coerce: onePath('--out') },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { source?: string }

export const exportCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('source', { type: 'string', describe: 'Run folder or checkpoint file', coerce: onePath('export') })
      .options(options),
  async handler(argv) {
    const { source, format, out, json } = argv
    if (source === undefined) throw expected('a run folder or a checkpoint', 'export', 'none', 2)
    const opened = await openWeights(source)
    if (opened.isRunFolder || opened.retraining !== undefined) checkRunUsage(argv)
    else checkUsage(argv)
    const { space, path } = await subject(argv, opened)
    const weights = argv.best ? await bestWeights(opened) : opened.weights
    const arch = path && space?.encode(path)
    let tensors = weights
    // A network alone is exported as a whole, with the running statistics of its dead edges.
    if (space !== undefined && path !== undefined && (format === 'onnx' || opened.retraining === undefined)) {
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

/** The path to export and its space; empty for a whole supernet. */
async function subject(
  argv: Arguments,
  opened: OpenedWeights,
): Promise<{ readonly space?: SearchSpace; readonly path?: Path }> {
  const { format, path: text } = argv
  if (opened.retraining !== undefined) {
    if (text !== undefined) {
      throw new UserError(`Expected --path for a supernet only but received it with the retraining ${opened.source}`, 2)
    }
    return { space: await networkOfRun(opened.retraining), path: [] }
  }
  if (format === 'onnx' && text === undefined) {
    throw new UserError('Expected --path with --format onnx but received none', 2)
  }
  if (text === undefined) return {}
  const images = format === 'onnx' ? await extents(argv, opened) : {}
  const { space } = await spaceOfCheckpoint(opened.weights, { ...opened, given: givenSpace(argv), images })
  return { space, path: parsePath(space, text) }
}

async function bestWeights({ source, isRunFolder, retraining }: OpenedWeights): Promise<OpenedWeights['weights']> {
  if (retraining === undefined || !isRunFolder) throw expected('the run of a retraining', '--best', source, 2)
  return readWeights(join(source, BEST_WEIGHTS))
}

/** Refuses the options for checkpoint files if the source is a run folder, which has settings. */
function checkRunUsage({ source, space, set, size }: Arguments): void {
  if (space === undefined && set === undefined && size === undefined) return
  throw new UserError(`Expected a checkpoint file with --space, --set and --size but received the run ${source}`, 2)
}

/** Refuses options without the options that they depend on. */
function checkUsage({ format, path, space, set, size }: Arguments): void {
  if (path === undefined && (space !== undefined || set !== undefined)) {
    throw new UserError('Expected --path with --space and --set but received them alone', 2)
  }
  if (size !== undefined && format !== 'onnx') {
    throw new UserError(`Expected --format onnx with --size but received ${format}`, 2)
  }
}

/** Height and width of a model's images, from `--size` or from the file's run; empty if there is neither. */
async function extents({ size }: Pick<Arguments, 'size'>, { run }: OpenedWeights): Promise<Partial<Shape>> {
  if (size !== undefined) return { height: whole('size', size), width: size }
  if (run === undefined) return {}
  const { height, width } = (await imageExtents((await run()).data)).input
  return { height, width }
}
