import { extname, join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { integer } from '../../base/format.js'
import { imageExtents } from '../../data/extents.js'
import { writeSafetensors } from '../../formats/safetensors.js'
import { writeTorchStateDict } from '../../formats/torch-writer.js'
import { writeOnnx } from '../../onnx/write-onnx.js'
import type { Shape } from '../../programs/program.js'
import type { RetrainStartEvent } from '../../retraining/events.js'
import { networkOfRun } from '../../retraining/network-of-run.js'
import { eventsOf } from '../../runs/event-log.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { BEST_WEIGHTS } from '../../runs/run-folder.js'
import type { StartEvent } from '../../search/events.js'
import type { StatisticsSource } from '../../search/path-statistics.js'
import { type Path, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { requireNoneLeft } from '../../weights/left-over.js'
import { spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { subModelWeights } from '../../weights/sub-model.js'
import {
  choice,
  givenSpace,
  jsonOption,
  keyOption,
  onePath,
  oneText,
  prefixOption,
  setOption,
  whole,
} from '../options.js'
import { nameWithRemark } from '../output/replaced.js'
import { describeKey, describeStatistics, keyFields } from '../output/weights.js'
import { noRecalibrateOption, statisticsOf } from '../statistics.js'

/** `pt` is for PyTorch; onnxruntime runs models in `onnx`. */
const FORMATS = ['pt', 'safetensors', 'onnx'] as const
type Format = (typeof FORMATS)[number]

const options = {
  format: {
    ...choice('--format', FORMATS),
    describe: 'Format of the output',
    defaultDescription: 'as the ending of the file says, else pt',
  },
  key: keyOption,
  prefix: prefixOption,
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Export only this path, as numbers of options or in the notation of its space',
    coerce: oneText('--path'),
  },
  space: {
    ...choice('--space', SPACES),
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
    coerce: (value: number) => whole('size', value),
  },
  averaged: {
    type: 'boolean',
    default: false,
    describe: 'Of a retraining with `training.averaging`: the averaged weights of its last epoch',
  },
  best: {
    type: 'boolean',
    default: false,
    describe: 'Of the run of a retraining: the weights of its best epoch, not of its last one',
  },
  out: { type: 'string', requiresArg: true, demandOption: true, describe: 'File to write', coerce: onePath('--out') },
  'no-recalibrate': { ...noRecalibrateOption, describe: `${noRecalibrateOption.describe}, with --path` },
  json: jsonOption,
} as const

type Arguments = Omit<InferredOptionTypes<typeof options>, 'format'> & { source?: string; format: Format }

export const exportCommand: CommandModule<object, InferredOptionTypes<typeof options> & { source?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('source', { type: 'string', describe: 'Run folder or checkpoint file', coerce: onePath('export') })
      .options(options),
  async handler(given) {
    const argv: Arguments = { ...given, format: formatOf(given.out, given.format) }
    const { source, format, out, json } = argv
    if (source === undefined) throw expected('a run folder or a checkpoint', 'export', 'none', 2)
    const name = await nameWithRemark(out, [source])
    const opened = await openSource(argv, source)
    if (opened.isRunFolder || opened.retraining !== undefined) checkRunUsage(argv, opened)
    else checkUsage(argv)
    const { space, path } = await subject(argv, opened)
    const weights = chosenWeights(argv, opened)
    const arch = path && space?.encode(path)
    let tensors = weights
    let statistics: StatisticsSource | undefined
    if (opened.retraining !== undefined) {
      // A network alone is exported as a whole, with the running statistics of its dead edges.
      statistics = { kind: 'stored', reason: 'the network was trained alone' }
      if (space !== undefined && path !== undefined && format === 'onnx') {
        tensors = subModelWeights(space, path, weights, { idle: false })
        const metadata = { statistics: describeStatistics(statistics), ...(await normalisationOf(opened)) }
        await writeOnnx(out, space, path, tensors, metadata)
      }
    } else if (space !== undefined && path !== undefined) {
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
      ...(opened.epochs && { epochs: opened.epochs }),
      ...(statistics && { statistics }),
    }
    const sentence = `${integer(tensors.size)} tensors with ${integer(scalars)} numbers${arch ? ` of ${arch}` : ''} in ${name}`
    const { epochs } = opened
    const early = epochs !== undefined && epochs.done < epochs.of
    const note = early ? [`note: the run has trained ${epochs.done} of ${epochs.of} epochs`] : []
    const lines = [sentence, ...describeKey(opened), ...sentences, ...note]
    process.stdout.write(`${json ? JSON.stringify(result) : lines.join('\n')}\n`)
  },
}

/** The format that `--format` or the file's ending names. */
function formatOf(out: string, given: Format | undefined): Format {
  const ending = FORMATS.find((format) => extname(out).toLowerCase() === `.${format}`)
  if (given !== undefined && ending !== undefined && ending !== given) {
    throw expected(`a file that ends in .${given}, as --format says,`, '--out', out, 2)
  }
  return given ?? ending ?? 'pt'
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
  const trained = await spaceOfCheckpoint(opened.weights, { ...opened, given: givenSpace(argv), images })
  requireNoneLeft(trained, opened.weights, opened.source)
  return { space: trained.space, path: parsePath(trained.space, text) }
}

/** Opens the source; with `--best` the file of a retraining's best weights, which is there before any checkpoint. */
async function openSource({ best, averaged, key, prefix }: Arguments, source: string): Promise<OpenedWeights> {
  if (!best) return openWeights(source, { key, prefix })
  if (averaged) throw new UserError('Expected --best or --averaged but received both', 2)
  if (key !== undefined || prefix !== undefined) {
    throw new UserError('Expected --key and --prefix for a checkpoint of PyTorch but received them with --best', 2)
  }
  const file = join(source, BEST_WEIGHTS)
  if (!(await exists(file))) throw expected('the run of a retraining that has evaluated an epoch', '--best', source, 2)
  const opened = await openWeights(file)
  const network = opened.retraining && (await networkOfRun(opened.retraining))
  for (const { name, shape } of network?.parameters() ?? []) {
    if (opened.weights.get(name)?.shape.join() === shape.join()) continue
    throw new UserError(`Expected the weights of this run's network in ${file} but received those of another: ${name}`)
  }
  return opened
}

/** The weights of the last epoch, or its averaged ones. */
function chosenWeights(
  { averaged }: Pick<Arguments, 'averaged'>,
  { source, retraining, ...opened }: OpenedWeights,
): OpenedWeights['weights'] {
  if (!averaged) return opened.weights
  if (retraining === undefined || opened.averaged === undefined) {
    throw expected('a retraining with training.averaging', '--averaged', source, 2)
  }
  return opened.averaged
}

/** Metadata of a model: how the images that it was trained on were normalised. */
async function normalisationOf({ retraining }: OpenedWeights): Promise<Record<string, string>> {
  const [start] = retraining === undefined ? [] : await eventsOf<RetrainStartEvent>(retraining.folder, 'start')
  if (start === undefined) return {}
  const { mean, std } = start.normalisation
  return { mean: mean.join(), std: std.join() }
}

/** Refuses the options for checkpoint files if the source is a run folder, which has settings. */
function checkRunUsage(argv: Arguments, { retraining }: OpenedWeights): void {
  const { source, space, set, size, 'no-recalibrate': keep } = argv
  if (keep && retraining !== undefined) {
    throw new UserError(
      `Expected --no-recalibrate for a supernet only but received it with the retraining ${source}`,
      2,
    )
  }
  checkRecalibration(argv)
  if (space === undefined && set === undefined && size === undefined) return
  throw new UserError(`Expected a checkpoint file with --space, --set and --size but received the run ${source}`, 2)
}

/** Refuses options without the options that they depend on. */
function checkUsage(argv: Arguments): void {
  const { format, path, space, set, size } = argv
  checkRecalibration(argv)
  if (path === undefined && (space !== undefined || set !== undefined)) {
    throw new UserError('Expected --path with --space and --set but received them alone', 2)
  }
  if (size !== undefined && format !== 'onnx') {
    throw new UserError(`Expected --format onnx with --size but received ${format}`, 2)
  }
}

/** Refuses `--no-recalibrate` for a whole supernet, whose statistics are the stored ones. */
function checkRecalibration({ path, 'no-recalibrate': keep }: Arguments): void {
  if (path === undefined && keep) throw new UserError('Expected --path with --no-recalibrate but received none', 2)
}

/** Height and width of a model's images, from `--size` or from the file's run; empty if there is neither. */
async function extents({ size }: Pick<Arguments, 'size'>, { run, folder }: OpenedWeights): Promise<Partial<Shape>> {
  if (size !== undefined) return { height: size, width: size }
  if (run === undefined) return {}
  const [start] = folder === undefined ? [] : await eventsOf<StartEvent>(folder, 'start')
  // Logs of earlier versions do not tell.
  const { height, width } = (start?.input as Shape | undefined) ?? (await imageExtents((await run()).data)).input
  return { height, width }
}
