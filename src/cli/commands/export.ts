import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { imageExtents } from '../../data/extents.js'
import { writeSafetensors } from '../../formats/safetensors.js'
import { writeTorchStateDict } from '../../formats/torch-writer.js'
import { writeOnnx } from '../../onnx/write-onnx.js'
import type { Shape } from '../../programs/program.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import type { StatisticsSource } from '../../search/path-statistics.js'
import { parsePath, SPACES } from '../../spaces/index.js'
import { spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { subModelWeights } from '../../weights/sub-model.js'
import { givenSpace, jsonOption, keyOption, onePath, oneText, setOption, whole } from '../options.js'
import { integer } from '../output/format.js'
import { describeKey, describeStatistics, keyFields } from '../output/weights.js'
import { noRecalibrateOption, statisticsOf } from '../statistics.js'

/** `pt` is for PyTorch; onnxruntime runs models in `onnx`. */
const FORMATS = ['pt', 'safetensors', 'onnx'] as const

const options = {
  format: {
    choices: FORMATS,
    default: 'pt' as const,
    requiresArg: true,
    describe: 'Format of the output',
  },
  key: keyOption,
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Export only this path, as operation indices or architecture',
    coerce: oneText('--path'),
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
  out: { type: 'string', requiresArg: true, demandOption: true, describe: 'File to write', coerce: onePath('--out') },
  'no-recalibrate': { ...noRecalibrateOption, describe: `${noRecalibrateOption.describe}, with --path` },
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
    if (source === undefined) throw expected('a run folder or a checkpoint', 'export', 'none', 2)
    checkUsage(argv)
    const opened = await openWeights(source, { key: argv.key })
    if (opened.isRunFolder) checkRunUsage(argv)
    const { weights } = opened
    let tensors = weights
    let arch: string | undefined
    let statistics: StatisticsSource | undefined
    if (text !== undefined) {
      const images = format === 'onnx' ? await extents(argv, opened) : {}
      const { space } = await spaceOfCheckpoint(weights, { ...opened, given: givenSpace(argv), images })
      const path = parsePath(space, text)
      arch = space.encode(path)
      const { source: from, byPath } = await statisticsOf(opened, space, [path], argv['no-recalibrate'])
      statistics = from
      tensors = subModelWeights(space, path, new Map([...weights, ...byPath[0]]), { idle: format !== 'onnx' })
      if (format === 'onnx') await writeOnnx(out, space, path, tensors, { statistics: describeStatistics(from) })
    } else if ([...weights.keys()].some((name) => name.endsWith('.running_mean'))) {
      statistics = { kind: 'stored', reason: 'they are of no path' }
    }
    const sentences = statistics === undefined ? [] : [describeStatistics(statistics)]
    if (format === 'pt') await writeTorchStateDict(out, tensors)
    else if (format === 'safetensors') {
      const metadata = { format: 'pt', ...(sentences.length > 0 && { statistics: sentences[0] }) }
      await writeSafetensors(out, tensors, metadata)
    }
    let scalars = 0
    for (const { data } of tensors.values()) scalars += data.length
    const result = {
      event: 'result',
      output: out,
      format,
      tensors: tensors.size,
      scalars,
      ...(arch && { arch }),
      ...keyFields(opened),
      ...(statistics && { statistics }),
    }
    const sentence = `${integer(tensors.size)} tensors with ${integer(scalars)} numbers${arch ? ` of ${arch}` : ''} in ${out}`
    const lines = [sentence, ...describeKey(opened), ...sentences]
    process.stdout.write(`${json ? JSON.stringify(result) : lines.join('\n')}\n`)
  },
}

/** Refuses the options for checkpoint files if the source is a run folder, which has settings. */
function checkRunUsage({ source, space, set, size }: Arguments): void {
  if (space === undefined && set === undefined && size === undefined) return
  throw new UserError(`Expected a checkpoint file with --space, --set and --size but received the run ${source}`, 2)
}

/** Refuses options without the options that they depend on. */
function checkUsage({ format, path, space, set, size, 'no-recalibrate': keep }: Arguments): void {
  if (path === undefined && keep) throw new UserError('Expected --path with --no-recalibrate but received none', 2)
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

/** Height and width of a model's images, from `--size` or from the file's run; empty if there is neither. */
async function extents({ size }: Pick<Arguments, 'size'>, { run }: OpenedWeights): Promise<Partial<Shape>> {
  if (size !== undefined) return { height: whole('size', size), width: size }
  if (run === undefined) return {}
  const { height, width } = (await imageExtents((await run()).data)).input
  return { height, width }
}
