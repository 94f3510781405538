import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { UserError } from '../../base/errors.js'
import { type ConfigInput, parseConfig } from '../../config/index.js'
import { type NpyArray, readNpy, writeNpy } from '../../formats/npy.js'
import { infer, judge } from '../../search/inference.js'
import { ensureNative } from '../../setup/index.js'
import { createSpace, parsePath, SPACES, type SpaceConfig } from '../../spaces/index.js'
import { readWeights } from '../../weights/read-weights.js'
import { hasAffineNorms, jsonOption, onePath, precisionOption, whole } from '../options.js'
import { decimal, percent } from '../output/format.js'

const file = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, describe, coerce: onePath(name) }) as const

const options = {
  space: { choices: SPACES, default: 'nasbench201', describe: 'Search space' },
  channels: { type: 'number', requiresArg: true, describe: 'Channels of the first stage' },
  cells: { type: 'number', requiresArg: true, describe: 'Cells per stage, or of the network where it has no stages' },
  checkpoint: { ...file('--checkpoint', 'PyTorch state dict, or .safetensors'), demandOption: true },
  input: { ...file('--input', 'float32 .npy: [images, channels, height, width], normalised'), demandOption: true },
  labels: file('--labels', 'integer .npy: [images]'),
  path: {
    type: 'string',
    array: true,
    requiresArg: true,
    demandOption: true,
    describe: 'Path to infer with, as operation indices or architecture; several are allowed',
  },
  output: { ...file('--output', 'float32 .npy to write: [paths, images, classes]'), demandOption: true },
  precision: { ...precisionOption, default: 'float32' },
  json: jsonOption,
} as const

export const inferCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  builder: (yargs) => yargs.options(options),
  async handler(argv) {
    const weights = await readWeights(argv.checkpoint)
    const images = await readImages(argv.input)
    // The classifier knows the number of classes; nothing else in a checkpoint or an image does.
    const classes = weights.get('classifier.weight')?.shape[0] ?? 10
    const space = createSpace(spaceSettings(argv, weights), images, classes)
    const paths = argv.path.map((text) => parsePath(space, text))
    const labels = argv.labels === undefined ? undefined : await readLabels(argv.labels, images.count, classes)

    await ensureNative({ log: (line) => process.stderr.write(`${line}\n`) })
    const logits = await infer({ space, weights, images, paths, precision: argv.precision })
    const shape = [paths.length, images.count, classes]
    await writeNpy(argv.output, shape, Float32Array.from(logits.flatMap((values) => Array.from(values))))
    const results = paths.map((path, i) => ({
      path,
      arch: space.encode(path),
      ...(labels && judge(logits[i], labels)),
    }))
    const result = {
      event: 'result',
      space: space.name,
      images: images.count,
      classes,
      paths: results,
      output: argv.output,
    }
    process.stdout.write(`${argv.json ? JSON.stringify(result) : describe(results, shape, argv.output)}\n`)
  },
}

/** The space as its settings have it, with what the command line changes, and as the weights say that it is. */
function spaceSettings(
  argv: { space: string; channels?: number; cells?: number },
  weights: ReadonlyMap<string, unknown>,
): SpaceConfig {
  const settings: Record<string, unknown> = { name: argv.space }
  if (argv.channels !== undefined) settings.channels = whole('channels', argv.channels)
  if (argv.cells !== undefined)
    settings[argv.space === 'darts' ? 'cells' : 'cellsPerStage'] = whole('cells', argv.cells)
  if ([...weights.keys()].some((name) => name.startsWith('cells.0.blocks.0.'))) settings.sharing = 'perCell'
  if (hasAffineNorms(argv.space, weights)) settings.affine = true
  return parseConfig({ space: settings as ConfigInput['space'] }).space
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
    throw new UserError(
      `Expected float32 images of shape [images, channels, height, width] for ${path} but received ${text({ shape, data })}`,
    )
  }
  const [count, channels, height, width] = shape
  return { images: data, count, channels, height, width }
}

async function readLabels(path: string, images: number, classes: number): Promise<Int32Array> {
  const { shape, data } = await readNpy(path)
  if (shape.length !== 1 || shape[0] !== images || !(data instanceof Int32Array)) {
    throw new UserError(`Expected ${images} integer labels for ${path} but received ${text({ shape, data })}`)
  }
  const wrong = data.find((label) => label < 0 || label >= classes)
  if (wrong !== undefined) throw new UserError(`Expected labels 0…${classes - 1} for ${path} but received ${wrong}`)
  return data
}

function text({ shape, data }: NpyArray): string {
  return `${data instanceof Float32Array ? 'float' : 'integer'} [${shape.join(', ')}]`
}
