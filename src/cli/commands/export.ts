import type { CommandModule, InferredOptionTypes } from 'yargs'
import { UserError } from '../../base/errors.js'
import { imageExtents } from '../../data/extents.js'
import { writeSafetensors } from '../../formats/safetensors.js'
import { writeTorchStateDict } from '../../formats/torch-writer.js'
import { writeOnnx } from '../../onnx/write-onnx.js'
import type { Shape } from '../../programs/program.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { parsePath, SPACES } from '../../spaces/index.js'
import { spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { subModelWeights } from '../../weights/sub-model.js'
import { givenSpace, jsonOption, onePath, setOption, whole } from '../options.js'
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
  space: {
    choices: SPACES,
    requiresArg: true,
    describe: 'Search space of a file, for --path',
    defaultDescription: 'told from the file',
  },
  set: {
    ...setOption,
    describe: 'Settings of the space of a file: space.key=value …',
    defaultDescription: 'told from the file',
  },
  size: {
    type: 'number',
    requiresArg: true,
    describe: 'Height and width of the images of a file, for onnx',
    defaultDescription: 'those of its run, or those that are usual in the space',
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
    const { source, format, path: text, out, json } = argv
    if (source === undefined)
      throw new UserError('Expected a run folder or a checkpoint for export but received none', 2)
    checkUsage(argv)
    const opened = await openWeights(source)
    if (opened.isRunFolder) checkRunUsage(argv)
    const { weights } = opened
    let tensors = weights
    let arch: string | undefined
    if (text !== undefined) {
      const images = format === 'onnx' ? await extents(argv, opened) : {}
      const { space } = await spaceOfCheckpoint(weights, { ...opened, given: givenSpace(argv), images })
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

/** A run folder says what options say about a file. */
function checkRunUsage({ source, space, set, size }: Arguments): void {
  if (space === undefined && set === undefined && size === undefined) return
  throw new UserError(`Expected a checkpoint file with --space, --set and --size but received the run ${source}`, 2)
}

/** Refuses options without those that they go with. */
function checkUsage({ format, path, space, set, size }: Arguments): void {
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

/** Height and width of the images that a model takes; none if nothing says them. */
async function extents({ size }: Pick<Arguments, 'size'>, { run }: OpenedWeights): Promise<Partial<Shape>> {
  if (size !== undefined) return { height: whole('size', size), width: size }
  if (run === undefined) return {}
  const { height, width } = (await imageExtents((await run()).data)).input
  return { height, width }
}
