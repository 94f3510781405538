import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { integer } from '../../base/format.js'
import { RandomStream } from '../../base/random.js'
import { type BenchmarkResult, bench, type PathMeasurement } from '../../benchmark/bench.js'
import { benchData, type DataMeasurement } from '../../benchmark/data.js'
import { prepareBenchmark } from '../../benchmark/job.js'
import { randomPaths, readPathList } from '../../benchmark/path-list.js'
import { openSplits } from '../../data/index.js'
import { isFirstProcess } from '../first-process.js'
import { ensureNativeFor } from '../native.js'
import {
  choice,
  jsonOption,
  onePath,
  paperConfigOption,
  precisionOption,
  processesOption,
  setOption,
  whole,
} from '../options.js'
import { renderBenchmark } from '../output/bench.js'
import { onInterrupt } from '../signals.js'
import { loadWithoutImages } from '../without-images.js'
import { joinForCommand } from '../work.js'

const RANDOM_PATHS = 12

const count = (name: string, describe: string, defaultDescription: string, least = 1) =>
  ({
    type: 'number',
    requiresArg: true,
    describe,
    defaultDescription,
    coerce: (value: number) => whole(name, value, least),
  }) as const

const options = {
  config: paperConfigOption,
  set: setOption,
  paths: {
    type: 'string',
    requiresArg: true,
    describe: 'File with a path per line, as numbers of options or in the notation of the space',
    defaultDescription: `${RANDOM_PATHS} random paths`,
    coerce: onePath('--paths'),
  },
  batch: count('batch', 'Images per step', 'from the settings'),
  precision: { ...precisionOption, defaultDescription: 'from the settings' },
  mode: {
    ...choice('--mode', ['train', 'eval']),
    describe: 'Training steps or evaluations',
    defaultDescription: 'train',
  },
  threads: count('threads', 'Threads of native computation', 'from the settings'),
  steps: count('steps', 'Steps to time per path', 'as many as fit in 2 s'),
  warmup: count('warmup', 'Warm-up steps per path (not timed); at least 1 without --steps', '2', 0),
  data: {
    type: 'boolean',
    describe: 'Measure how fast streamed training images are decoded and augmented, without computing',
  },
  processes: processesOption,
  json: jsonOption,
} as const

export const benchCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  builder: (yargs) => yargs.options(options).conflicts('data', ['paths', 'precision', 'mode', 'threads', 'warmup']),
  async handler({
    config: file,
    set,
    paths: list,
    batch,
    precision,
    mode = 'train',
    threads,
    steps,
    warmup,
    data,
    processes,
    json,
  }) {
    // Of several processes, the first speaks.
    const log = (line: string) => void (isFirstProcess() && process.stderr.write(`${line}\n`))
    const overrides = { precision, threads }
    if (data && processes !== undefined && processes > 1) {
      throw expected('1', '--processes with --data, which measures one process,', processes, 2)
    }
    const config = await loadWithoutImages({ file, set, overrides })
    const batchSize = batch ?? (mode === 'train' ? config.training.batchSize : config.ranking.batchSize)
    using interruption = onInterrupt(log)
    const { signal } = interruption
    if (data) {
      await ensureNativeFor({ device: 'cpu' }, { log, signal })
      const splits = await openSplits(config.data, { signal })
      const measured = await benchData({ config, splits, batchSize, batches: steps, signal })
      process.stdout.write(`${json ? JSON.stringify(measured) : describeData(measured)}\n`)
      return
    }
    const job = await prepareBenchmark(config, batchSize, { signal })
    const paths =
      list === undefined
        ? randomPaths(job.space, RANDOM_PATHS, RandomStream.named(config.seed, 'bench'))
        : await readPathList(list, job.space)
    if (job.generated) log(`No data set at ${config.data.dir}: measuring on generated images`)
    await ensureNativeFor(config, { log, signal })
    await using world = await joinForCommand(config, processes, { signal, log })

    const measured: PathMeasurement[] = []
    let result: BenchmarkResult | undefined
    for await (const event of bench({ ...job, config, paths, batchSize, mode, steps, warmup, signal, world })) {
      if (world?.isFirst === false) continue
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`)
      if (event.event === 'bench') result = event
      else measured.push(event)
      if (!json && event.event === 'path') log(`${measured.length}/${paths.length} ${event.arch}`)
    }
    if (json || result === undefined) return
    const lines = renderBenchmark(measured, result, { color: process.stdout.isTTY })
    process.stdout.write(`${lines.join('\n')}\n`)
  },
}

function describeData({ dataset, images, imagesPerSecond, threads, jpegDecoder }: DataMeasurement): string {
  const speed = `${integer(imagesPerSecond)} images/s from ${dataset}`
  return `${speed}: ${integer(images)} images, ${threads} at a time, JPEGs by ${jpegDecoder}`
}
