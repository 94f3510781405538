import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { decimal, percent } from '../../base/format.js'
import type { Settings } from '../../config/settings.js'
import { type NpyArray, readNpy, writeNpy } from '../../formats/npy.js'
import type { Shape } from '../../programs/program.js'
import { networkOfRun } from '../../retraining/network-of-run.js'
import { type OpenedWeights, openWeights } from '../../runs/open-weights.js'
import { evaluateLogits, infer } from '../../search/inference.js'
import { ensureNative } from '../../setup/index.js'
import { type Path, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { spaceNameOfCheckpoint, spaceOfCheckpoint } from '../../weights/space-of-checkpoint.js'
import {
  givenSpace,
  jsonOption,
  keyOption,
  onePath,
  precisionOption,
  prefixOption,
  setOption,
  whole,
} from '../options.js'
import { describeKey, describeStatistics, keyFields } from '../output/weights.js'
import { noRecalibrateOption, statisticsOf } from '../statistics.js'

const file = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, describe, coerce: onePath(name) }) as const

const DETECTED = 'detected from the checkpoint'

const options = {
  space: { choices: SPACES, requiresArg: true, describe: 'Search space', defaultDescription: DETECTED },
  set: { ...setOption, describe: 'Settings of the space: space.key=value …', defaultDescription: DETECTED },
  channels: { type: 'number', requiresArg: true, describe: 'Channels of the first stage: space.channels' },
  cells: { type: 'number', requiresArg: true, describe: 'Cells per stage (darts: cells of the whole network)' },
  checkpoint: { ...file('--checkpoint', 'PyTorch state dict, .safetensors or run folder'), demandOption: true },
  key: keyOption,
  prefix: prefixOption,
  input: { ...file('--input', 'float32 .npy: [images, channels, height, width], normalised'), demandOption: true },
  labels: file('--labels', 'integer .npy: [images]'),
  path: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      'Paths to infer with, as numbers of options or in the notation of their space; none for the run of a retraining',
  },
  output: { ...file('--output', 'float32 .npy to write: [paths, images, classes]'), demandOption: true },
  precision: { ...precisionOption, default: 'float32' },
  'no-recalibrate': noRecalibrateOption,
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options>

export const inferCommand: CommandModule<object, Arguments> = {
  builder: (yargs) => yargs.options(options),
  async handler(argv) {
    const opened = await openWeights(argv.checkpoint, { key: argv.key, prefix: argv.prefix })
    const { weights } = opened
    const images = await readImages(argv.input)
    const { space, paths } = await subject(argv, opened, images)
    const { classes } = space
    const labels = argv.labels === undefined ? undefined : await readLabels(argv.labels, images.count, classes)

    await ensureNative({ log: (line) => process.stderr.write(`${line}\n`) })
    const { source, byPath } = await statisticsOf(opened, space, paths, argv['no-recalibrate'])
    const statistics = source.kind === 'stored' ? undefined : byPath
    const logits = await infer({ space, weights, images, paths, statistics, precision: argv.precision })
    const shape = [paths.length, images.count, classes]
    await writeNpy(argv.output, shape, Float32Array.from(logits.flatMap((values) => Array.from(values))))
    const results = paths.map((path, i) => ({
      path,
      arch: space.encode(path),
      ...(labels && evaluateLogits(logits[i], labels)),
    }))
    const result = {
      event: 'result',
      space: space.name,
      images: images.count,
      classes,
      ...keyFields(opened),
      statistics: source,
      paths: results,
      output: argv.output,
    }
    const lines = [describe(results, shape, argv.output), ...describeKey(opened), describeStatistics(source)]
    process.stdout.write(`${argv.json ? JSON.stringify(result) : lines.join('\n')}\n`)
  },
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
  if (argv.channels !== undefined) settings.channels = whole('channels', argv.channels)
  if (argv.cells !== undefined) {
    const name = await spaceNameOfCheckpoint(weights, { ...opened, given: settings })
    settings[name === 'darts' ? 'cells' : 'cellsPerStage'] = whole('cells', argv.cells)
  }
  return settings
}

type PathResult = {
  readonly path: readonly number[]
  readonly arch: string
  readonly loss?: number
  readonly accuracy?: number
}

function describe(results: readonly PathResult[], shape: readonly number[], output: string): string {
  const table = new Table({
    head: ['path', 'architecture', 'loss', 'accuracy'],
    style: { head: [], border: [], compact: true },
  })
  for (const { path, arch, loss, accuracy } of results)
    table.push([path.join(), arch, decimal(loss, 6), percent(accuracy)])
  return `${table.toString()}\nlogits [${shape.join(', ')}] in ${output}`
}

async function readImages(path: string) {
  const { shape, data } = await readNpy(path)
  if (shape.length !== 4 || !(data instanceof Float32Array) || data.length === 0) {
    throw expected('float32 images of shape [images, channels, height, width]', path, text({ shape, data }))
  }
  const [count, channels, height, width] = shape
  return { images: data, count, channels, height, width }
}

async function readLabels(path: string, images: number, classes: number): Promise<Int32Array> {
  const { shape, data } = await readNpy(path)
  if (shape.length !== 1 || shape[0] !== images || !(data instanceof Int32Array)) {
    throw expected(`${images} integer labels`, path, text({ shape, data }))
  }
  const wrong = data.find((label) => label < 0 || label >= classes)
  if (wrong !== undefined) throw expected(`labels 0…${classes - 1}`, path, wrong)
  return data
}

function text({ shape, data }: NpyArray): string {
  return `${data instanceof Float32Array ? 'float' : 'integer'} [${shape.join(', ')}]`
}
