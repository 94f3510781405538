import { join } from 'node:path'
import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { decimal, integer } from '../../base/format.js'
import { createRandom } from '../../base/random.js'
import { expandPath } from '../../base/user-path.js'
import { type Config, LATENCY } from '../../config/index.js'
import { imageExtents } from '../../data/extents.js'
import { measureLatency, noiseDataset } from '../../evaluation/latency.js'
import { Supernet, useThreads } from '../../native/index.js'
import type { Cost } from '../../programs/cost.js'
import { networkOfRun } from '../../retraining/network-of-run.js'
import { savedRetraining } from '../../runs/saved-settings.js'
import { costOf } from '../../spaces/cost.js'
import { createSpace, type Path, parsePath, type SearchSpace } from '../../spaces/index.js'
import { countParameters } from '../../spaces/standalone.js'
import { initialise } from '../../training/snapshot.js'
import { ensureNativeFor } from '../native.js'
import { jsonOption, paperConfigOption, setOption, whole } from '../options.js'
import { onInterrupt } from '../signals.js'
import { loadWithoutImages } from '../without-images.js'

const options = {
  config: paperConfigOption,
  set: setOption,
  published: {
    type: 'boolean',
    default: false,
    describe:
      'Count the network trained alone, as its benchmark publishes it: affine batch norms, no bias before them; in NAS-Bench-201 with dead edges',
  },
  latency: {
    type: 'boolean',
    default: false,
    describe: 'Also measure latency (ms per batch) on this machine, with untrained weights and random images',
  },
  batch: {
    type: 'number',
    requiresArg: true,
    describe: 'Images per batch, for --latency',
    defaultDescription: 'finding.latency.batchSize, which is 1 by default',
    coerce: (value: number) => whole('batch', value),
  },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { paths?: string[] }

/** What is counted, and the settings that it is measured with. */
interface Subject {
  readonly space: SearchSpace
  readonly paths: readonly Path[]
  readonly config: Config
  /** Number of parameters of a network trained alone, which counts dead edges. */
  readonly parameters?: number
}

type Counted = Cost & { readonly path: Path; readonly latency?: number }

export const costCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('paths', {
        type: 'string',
        array: true,
        describe: 'Paths, as numbers of options or in the notation of their space; or the run folder of a retraining',
      })
      .options(options),
  async handler(argv) {
    const { paths: texts = [], published, latency, batch, json } = argv
    if (batch !== undefined && !latency)
      throw new UserError('Expected --latency with --batch but received --batch alone', 2)
    if (texts.length === 0) throw expected('at least one path', 'cost', 'none', 2)
    const folder = texts.length === 1 ? expandPath(texts[0], 'cost') : undefined
    const isRun = folder !== undefined && (await exists(join(folder, 'config.yaml')))
    const subject = isRun ? await subjectOfRun(folder, argv) : await subjectOfPaths(texts, folder, argv)
    const { space, paths, parameters } = subject
    const cost = costOf(space, { published })
    const measured = latency ? await latencies(subject, batch) : []
    const counted = paths.map((path, i) => {
      const one = { path, arch: space.encode(path), ...cost(path), ...(parameters && { parameters }) }
      return latency ? { ...one, latency: measured[i] } : one
    })
    const lines = json
      ? counted.map((one) => JSON.stringify({ event: 'cost', space: space.name, published, ...one }))
      : describe(space, counted, published)
    process.stdout.write(`${lines.join('\n')}\n`)
  },
}

/** The network of a retraining. Settings say only what its latency is measured with. */
async function subjectOfRun(
  folder: string,
  { config: file, set = [], published, latency }: Arguments,
): Promise<Subject> {
  if (published) {
    throw new UserError(`Expected --published for paths only but received it with the run ${folder}`, 2)
  }
  if (file !== undefined) {
    throw new UserError(`Expected --config for paths only but received it with the run ${folder}`, 2)
  }
  const other = set.find((assignment) => !(latency && /^(device|precision|threads)=/.test(assignment)))
  if (other !== undefined) {
    const wanted = '--set for paths, or of device, precision and threads with --latency,'
    throw new UserError(`Expected ${wanted} but received "${other}" with the run ${folder}`, 2)
  }
  const space = await networkOfRun({ folder, config: await savedRetraining(folder) })
  return { space, paths: [[]], config: await loadWithoutImages({ set }), parameters: countParameters(space) }
}

/** `folder` is a single text as a path of the file system. */
async function subjectOfPaths(
  texts: readonly string[],
  folder: string | undefined,
  { config: file, set }: Arguments,
): Promise<Subject> {
  const config = await loadWithoutImages({ file, set })
  const isThere = folder !== undefined && (await exists(folder))
  if (isThere || /[/\\]/.test(folder ?? '')) {
    const received = isThere ? 'which has no config.yaml' : 'which does not exist'
    throw expected('a path, or the run folder of a retraining,', 'cost', `${folder}, ${received}`, 2)
  }
  const { input, classes } = await imageExtents(config.data)
  const space = createSpace(config.space, input, classes)
  return { space, paths: texts.map((one) => pathOrFolder(space, one)), config }
}

/** The path that a text names. A single word that names none may be a mistyped folder. */
function pathOrFolder(space: SearchSpace, text: string): Path {
  try {
    return parsePath(space, text)
  } catch (error) {
    if (!/^[\w.-]+$/.test(text)) throw error
    throw expected('a path, or the run folder of a retraining,', 'cost', `${text}, which is neither`, 2)
  }
}

/** Milliseconds per batch of each path, measured on this machine. */
async function latencies({ paths, space, config }: Subject, batch?: number): Promise<number[]> {
  const log = (line: string) => process.stderr.write(`${line}\n`)
  await ensureNativeFor(config, { log })
  const { device, precision } = config
  await useThreads(config.threads)
  using interruption = onInterrupt(log)
  using supernet = Supernet.of(space, { device, precision })
  await initialise(supernet, createRandom(config.seed))
  const settings = { ...LATENCY, ...config.finding?.latency, ...(batch && { batchSize: batch }) }
  using data = noiseDataset(space.input, settings.batchSize, device)
  const measured: number[] = []
  for (const path of paths) {
    measured.push(await measureLatency(path, { ...settings, space, supernet, data, signal: interruption.signal }))
  }
  return measured
}

function describe(space: SearchSpace, counted: readonly Counted[], published: boolean): string[] {
  const measured = counted.some(({ latency }) => latency !== undefined)
  const table = new Table({
    head: ['path', 'parameters', 'multiply-adds', 'FLOPs', ...(measured ? ['latency/ms'] : [])],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { path, parameters, multiplyAdds, flops, latency } of counted) {
    const last = latency === undefined ? [] : [decimal(latency)]
    table.push([path.join() || 'its only path', integer(parameters), integer(multiplyAdds), integer(flops), ...last])
  }
  const { channels, height, width } = space.input
  const alone = space.choices.length === 0
  const where = published ? 'counted as by its benchmark' : alone ? 'trained alone' : 'in the supernet'
  const subject = `${space.name}, ${where}, one image of ${channels}×${height}×${width} in ${space.classes} classes`
  return [subject, ...table.toString().split('\n')]
}
