import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { decimal, percent } from '../../base/format.js'
import type { Settings } from '../../config/settings.js'
import { writeNpy } from '../../formats/npy.js'
import type { Shape } from '../../programs/program.js'
import { networkOfRun } from '../../retraining/network-of-run.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { evaluateLogits, type InferOptions, infer } from '../../search/inference.js'
import { ensureNative } from '../../setup/index.js'
import { type Path, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { spaceNameOfCheckpoint, spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import { type InferInput, openInput, readLabels } from '../infer-input.js'
import {
  choice,
  givenSpace,
  jsonOption,
  keyOption,
  onePath,
  precisionOption,
  prefixOption,
  setOption,
  whole,
} from '../options.js'
import { describePredictions, type Prediction, predict } from '../output/predictions.js'
import { nameWithRemark } from '../output/replaced.js'
import { describeKey, describeStatistics, keyFields } from '../output/weights.js'
import { noRecalibrateOption, statisticsOf } from '../statistics.js'

const file = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, describe, coerce: onePath(name) }) as const

const size = (name: string, describe: string) =>
  ({ type: 'number', requiresArg: true, describe, coerce: (value: number) => whole(name, value) }) as const

/** Images that are computed together, if no batch norm normalises by them. */
const TOGETHER = 256

const DETECTED = 'detected from the checkpoint'

const options = {
  space: { ...choice('--space', SPACES), describe: 'Search space', defaultDescription: DETECTED },
  set: { ...setOption, describe: 'Settings of the space: space.key=value …', defaultDescription: DETECTED },
  channels: size('channels', 'Channels of the first stage: space.channels'),
  cells: size('cells', 'Cells per stage (darts: cells of the whole network)'),
  checkpoint: { ...file('--checkpoint', 'PyTorch state dict, .safetensors or run folder'), demandOption: true },
  key: keyOption,
  prefix: prefixOption,
  input: {
    ...file(
      '--input',
      'Image, or folder of images, prepared as the run prepares its test images; or float32 .npy: [images, channels, height, width], normalised',
    ),
    demandOption: true,
  },
  labels: file('--labels', 'integer .npy: [images]'),
  path: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      'Paths to infer with, as numbers of options or in the notation of their space; none for the run of a retraining',
  },
  output: {
    ...file('--output', 'float32 .npy to write the logits to: [paths, images, classes]'),
    defaultDescription: 'none, if --input is images',
  },
  precision: { ...precisionOption, ...choice('--precision', ['float32', 'bfloat16']), default: 'float32' },
  'no-recalibrate': noRecalibrateOption,
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options>

export const inferCommand: CommandModule<object, Arguments> = {
  builder: (yargs) => yargs.options(options),
  async handler(argv) {
    const inputs = [argv.checkpoint, argv.input, ...(argv.labels === undefined ? [] : [argv.labels])]
    const name = argv.output && (await nameWithRemark(argv.output, inputs))
    const opened = await openWeights(argv.checkpoint, { key: argv.key, prefix: argv.prefix })
    const { weights } = opened
    await ensureNative({ log: (line) => process.stderr.write(`${line}\n`) })
    const images = await openInput(argv.input, opened)
    const { output } = argv
    if (output === undefined && images.files === undefined)
      throw expected('--output', 'the logits of an array', 'none', 2)
    const { space, paths } = await subject(argv, opened, images)
    const { classes } = space
    const labels = argv.labels === undefined ? undefined : await readLabels(argv.labels, images.count, classes)
    const { source, byPath } = await statisticsOf(opened, space, paths, argv['no-recalibrate'])
    const statistics = source.kind === 'stored' ? undefined : byPath
    const logits = await inferAll(images, { space, weights, paths, statistics, precision: argv.precision })
    const shape = [paths.length, images.count, classes]
    if (output !== undefined) {
      await writeNpy(output, shape, joined(logits))
    }
    const results = paths.map((path, i) => ({
      path,
      arch: space.encode(path),
      ...(labels && evaluateLogits(logits[i], labels)),
      ...(images.files && { predictions: predict(logits[i], images.files, images.classNames) }),
    }))
    const result = {
      event: 'result',
      space: space.name,
      images: images.count,
      classes,
      ...keyFields(opened),
      statistics: source,
      paths: results,
      output,
    }
    const written = name === undefined ? [] : [`logits [${shape.join(', ')}] in ${name}`]
    // That a network alone has running statistics of its own is news only for those who compare logits.
    const isPlain = images.files !== undefined && opened.retraining !== undefined
    const statisticsLine = isPlain ? [] : [describeStatistics(source)]
    const lines = [...describe(results), ...written, ...describeKey(opened), ...statisticsLine]
    process.stdout.write(`${argv.json ? JSON.stringify(result) : lines.join('\n')}\n`)
  },
}

/** Logits of all images by path. Images are computed in parts, unless batch norms normalise by all of them. */
async function inferAll(images: InferInput, options: Omit<InferOptions, 'images'>): Promise<Float32Array[]> {
  const together = options.space.buffers === undefined ? images.count : TOGETHER
  const parts: Float32Array[][] = []
  for (let from = 0; from < images.count; from += together) {
    parts.push(await infer({ ...options, images: await images.read(from, Math.min(from + together, images.count)) }))
  }
  return options.paths.map((_, i) => joined(parts.map((part) => part[i])))
}

/** The numbers of arrays, one after the other. */
function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const numbers of arrays) {
    all.set(numbers, at)
    at += numbers.length
  }
  return all
}

/** Space and paths to compute. The run of a retraining has one. */
async function subject(
  argv: Arguments,
  opened: OpenedWeights,
  images: Shape,
): Promise<{ readonly space: SearchSpace; readonly paths: readonly Path[] }> {
  if (opened.retraining !== undefined) {
    const { path, space, set, channels, cells } = argv
    if ([path, space, set, channels, cells].some((option) => option !== undefined)) {
      const received = `them with the retraining ${opened.source}`
      throw new UserError(`Expected --path and settings of a space for a supernet only but received ${received}`, 2)
    }
    return { space: await networkOfRun(opened.retraining), paths: [[]] }
  }
  if (argv.path === undefined) throw expected('--path', 'the paths of a supernet', 'none', 2)
  const { space } = await spaceOfCheckpoint(opened.weights, { ...opened, given: await given(argv, opened), images })
  return { space, paths: argv.path.map((text) => parsePath(space, text)) }
}

/** Settings of the space from `--space`, `--set`, `--channels` and `--cells`. */
async function given(
  argv: { space?: string; set?: string[]; channels?: number; cells?: number },
  { weights, ...opened }: OpenedWeights,
): Promise<Settings> {
  const settings = givenSpace(argv)
  if (argv.channels !== undefined) settings.channels = argv.channels
  if (argv.cells !== undefined) {
    const name = await spaceNameOfCheckpoint(weights, { ...opened, given: settings })
    settings[name === 'darts' ? 'cells' : 'cellsPerStage'] = argv.cells
  }
  return settings
}

type PathResult = {
  readonly path: readonly number[]
  readonly arch: string
  readonly loss?: number
  readonly accuracy?: number
  readonly predictions?: readonly Prediction[]
}

/** Loss and accuracy of each path, and the classes that each gives the image files. */
function describe(results: readonly PathResult[]): string[] {
  const table = new Table({
    head: ['path', 'architecture', 'loss', 'accuracy'],
    style: { head: [], border: [], compact: true },
  })
  for (const { path, arch, loss, accuracy } of results)
    table.push([path.join(), arch, decimal(loss, 6), percent(accuracy)])
  const measured = results.some(({ loss, predictions }) => loss !== undefined || predictions === undefined)
  const predicted = results.flatMap(({ arch, predictions = [] }) =>
    predictions.length === 0 ? [] : [...(results.length > 1 ? [arch] : []), ...describePredictions(predictions)],
  )
  return [...predicted, ...(measured ? table.toString().split('\n') : [])]
}
