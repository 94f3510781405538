/** Measures the speed of a supernet: per path the time of a step, its breakdown by family, and the peak of memory. */

import { createRandom } from '../base/random.js'
import { median } from '../base/statistics.js'
import type { Config } from '../config/index.js'
import { openImages } from '../data/source.js'
import { isStreamed, pickStreamed, type SplitImages } from '../data/stream/streamed-images.js'
import { tellingFailure, useResources, type World } from '../distributed/index.js'
import {
  FAMILIES,
  type ImageSource,
  nativeInfo,
  type Precision,
  type Profile,
  peakMemory,
  resetPeakMemory,
  Supernet,
  startProfile,
  stopProfile,
  takeProfile,
} from '../native/index.js'
import type { Path } from '../spaces/index.js'
import { initialise } from '../training/snapshot.js'
import { StepInputs } from '../training/step-inputs.js'
import type { BenchmarkJob } from './job.js'

/** `train` measures training steps, `eval` evaluations of one batch. */
export type BenchmarkMode = 'train' | 'eval'

/** Paths to measure, the mode, and the number of steps. */
export interface BenchmarkOptions extends BenchmarkJob {
  readonly config: Config
  readonly paths: readonly Path[]
  readonly batchSize: number
  readonly mode: BenchmarkMode
  /** Warm-up steps per path, which are not timed; default 2. Without `steps` at least one, which tells their number. */
  readonly warmup?: number
  /** Timed steps per path. Default: as many as fit into two seconds, at least 3 and at most 200. */
  readonly steps?: number
  /** When aborted, the measurement ends between two steps and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Processes that take each step together, or each evaluate the batch at the same time. Default: this one alone. */
  readonly world?: World
}

/** Measurements of one path. Times are medians over the steps, in seconds. */
export interface PathMeasurement {
  readonly event: 'path'
  readonly path: Path
  /** The path in the space's notation. */
  readonly arch: string
  readonly steps: number
  readonly imagesPerSecond: number
  readonly stepSeconds: number
  /** Time of the plan's convolutions alone, in ATen; see {@link Supernet.convolutionSeconds}. */
  readonly convSeconds: number
  /** Seconds of the native thread by family. On a GPU, separate and slower steps measure them. */
  readonly breakdown: Profile
  /** Share of the time in which the native thread was idle; null on a GPU. */
  readonly javascriptShare: number | null
  /** Peak memory of the process (on a GPU: of torch on the device) during the steps, warm-up included. */
  readonly peakBytes: number
}

/** Summary of all paths: mean times and shares, and the largest peak. */
export interface BenchmarkResult extends Omit<PathMeasurement, 'event' | 'path' | 'arch' | 'steps'> {
  readonly event: 'bench'
  /** Share of gradient statistics and optimizer in the time that the native thread is busy. */
  readonly bookkeepingShare: number
  /** Of each process. */
  readonly threads: number
  readonly processes: number
  /** What sums the gradients of several processes, such as "Gloo"; null for one. */
  readonly backend: string | null
  /** Mean number of bytes that a process gives to sums in a step; 0 for one process. */
  readonly bytesPerStep: number
  readonly precision: Precision
  readonly mode: BenchmarkMode
  readonly device: Config['device']
  readonly batchSize: number
  readonly paths: number
  readonly space: string
  readonly dataset: string
  readonly generated: boolean
}

const WARMUP = 2
const SECONDS_PER_PATH = 2
const FEWEST_STEPS = 3
const MOST_STEPS = 200
const CONVOLUTION_ROUNDS = { warmup: 1, repetitions: 3 }

/**
 * Measures one path after the other and yields each measurement. The last event is also the return value.
 *
 * Steps run as in training, each on one path: each makes its program and plan anew while the previous step computes.
 */
export function bench(options: BenchmarkOptions): AsyncGenerator<PathMeasurement | BenchmarkResult, BenchmarkResult> {
  return tellingFailure(options.world, benchTogether(options), options.signal)
}

async function* benchTogether(
  options: BenchmarkOptions,
): AsyncGenerator<PathMeasurement | BenchmarkResult, BenchmarkResult> {
  const { config, space, splits, generated, paths, batchSize, mode, world } = options
  const { device, precision } = config
  const processes = await useResources(config, world)
  using supernet = Supernet.of(space, { device, precision })
  await world?.agree('batch size and paths', JSON.stringify([batchSize, paths]))
  if (world !== undefined) {
    await supernet.distribute(world.communicator, config.distributed.batchNorm === 'synchronised')
  }
  await initialise(supernet, createRandom(config.seed))
  if (mode === 'train' && config.training.averaging !== undefined) await supernet.restartAverages()
  const images = mode === 'train' ? splits.train : splits.test
  using dataset = openImages(repeated(images, batchSize), device)

  const measurements: PathMeasurement[] = []
  let taken = 0
  for (const path of paths) {
    const measurement = await measure(path, supernet, dataset, options)
    measurements.push(measurement)
    // On a GPU they are taken twice, to time them and to profile them.
    taken += measurement.steps * (device === 'cpu' ? 1 : 2) + warmupOf(options)
    yield measurement
  }
  const result: BenchmarkResult = {
    event: 'bench',
    ...summarise(measurements, imagesPerStep(options)),
    threads: nativeInfo().threads,
    processes: processes?.count ?? 1,
    backend: processes?.backend ?? null,
    bytesPerStep: world === undefined ? 0 : world.communicator.traffic.bytes / taken,
    precision,
    mode,
    device,
    batchSize,
    paths: paths.length,
    space: space.name,
    dataset: splits.name,
    generated,
  }
  yield result
  return result
}

/** Without a number of steps, the last step of the warm-up tells how many fit into the time. */
function warmupOf({ warmup = WARMUP, steps }: BenchmarkOptions): number {
  return steps === undefined ? Math.max(1, warmup) : warmup
}

async function measure(
  path: Path,
  supernet: Supernet,
  dataset: ImageSource,
  options: BenchmarkOptions,
): Promise<PathMeasurement> {
  const { config, space, batchSize, mode, signal, world } = options
  const { device } = config
  const step = stepOf(path, supernet, dataset, options)

  await resetPeakMemory(device)
  let last = 0
  for (let i = 0; i < warmupOf(options); i++) {
    signal?.throwIfAborted()
    const start = performance.now()
    await step()
    last = (performance.now() - start) / 1000
  }
  const fitting = () => Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, Math.round(SECONDS_PER_PATH / last)))
  const steps = options.steps ?? (await (world === undefined ? fitting() : world.fromFirst(fitting)))

  // On the CPU a profile is almost free. On a GPU it slows the steps, so other steps give the times.
  const synchronous = device === 'cpu'
  const unprofiled = synchronous ? undefined : await inSuccession(step, steps, signal)
  await startProfile(device)
  const profiled = await inSuccession(step, steps, signal).finally(stopProfile)
  const { seconds } = unprofiled ?? profiled
  const { profiles } = profiled
  const peakBytes = await peakMemory(device)

  using plan = supernet.compile(space.program(path))
  const training = mode === 'train'
  const share = training && world !== undefined ? Math.ceil(batchSize / world.size) : batchSize
  const timing = { batchSize: share, training, ...CONVOLUTION_ROUNDS }
  const convSeconds = await supernet.convolutionSeconds(plan, timing)
  const stepSeconds = median(seconds)
  return {
    event: 'path',
    path,
    arch: space.encode(path),
    steps,
    imagesPerSecond: imagesPerStep(options) / stepSeconds,
    stepSeconds,
    convSeconds,
    breakdown: byFamily((family) => median(profiles.map((profile) => profile[family]))),
    javascriptShare: synchronous ? Math.max(0, 1 - sum(profiles.map(busy)) / sum(seconds)) : null,
    peakBytes,
  }
}

/** Images that all processes compute in the time of a step. Training steps are taken together, evaluations by each. */
function imagesPerStep({ batchSize, mode, world }: BenchmarkOptions): number {
  return mode === 'eval' ? batchSize * (world?.size ?? 1) : batchSize
}

type Step = () => Promise<unknown>

function stepOf(
  path: Path,
  supernet: Supernet,
  dataset: ImageSource,
  { config, space, batchSize, mode }: BenchmarkOptions,
): Step {
  const sources = { space, data: dataset, method: {}, random: createRandom(0), settings: config.training }
  const inputs = new StepInputs(sources, { epoch: 0, steps: 1, losses: [] })
  const options = inputs.options(0)
  const batch = inputs.batch(Int32Array.from({ length: batchSize }, (_, i) => i))
  return () => {
    // A running step keeps its plan alive.
    using plan = supernet.compile(space.program(path))
    return mode === 'train'
      ? supernet.trainStep(plan, batch, options)
      : supernet.evaluate(plan, dataset, { batchSize, count: batchSize })
  }
}

/** Runs steps as training does: each is queued while the previous one computes. */
async function inSuccession(
  step: Step,
  count: number,
  signal: AbortSignal | undefined,
): Promise<{ seconds: number[]; profiles: Profile[] }> {
  const begin = () => {
    const done = step()
    const profile = takeProfile()
    return Promise.all([profile, done])
  }
  const seconds: number[] = []
  const profiles: Profile[] = []
  let last = performance.now()
  let running = begin()
  for (let i = 1; i <= count; i++) {
    signal?.throwIfAborted()
    const next = i < count ? begin() : undefined
    next?.catch(() => {}) // The next round awaits it, unless this round fails.
    const [profile] = await running
    const now = performance.now()
    seconds.push((now - last) / 1000)
    profiles.push(profile)
    last = now
    if (next !== undefined) running = next
  }
  return { seconds, profiles }
}

/** `images`: that all processes compute in the time of a step. */
function summarise(measurements: readonly PathMeasurement[], images: number) {
  const average = (value: (measurement: PathMeasurement) => number) =>
    sum(measurements.map(value)) / measurements.length
  const stepSeconds = average((measurement) => measurement.stepSeconds)
  const breakdown = byFamily((family) => average((measurement) => measurement.breakdown[family]))
  // Each path's share is weighted by its time.
  const idle = average(({ javascriptShare, stepSeconds }) => (javascriptShare ?? Number.NaN) * stepSeconds)
  return {
    imagesPerSecond: images / stepSeconds,
    stepSeconds,
    convSeconds: average((measurement) => measurement.convSeconds),
    breakdown,
    javascriptShare: Number.isNaN(idle) ? null : idle / stepSeconds,
    bookkeepingShare: (breakdown.statistics + breakdown.optimizer) / busy(breakdown),
    peakBytes: Math.max(...measurements.map((measurement) => measurement.peakBytes)),
  }
}

/** The first `count` images; repeats them from the beginning if there are fewer. */
function repeated(images: SplitImages, count: number): SplitImages {
  if (isStreamed(images)) {
    const { length } = images.labels
    return pickStreamed(
      images,
      Int32Array.from({ length: count }, (_, i) => i % length),
    )
  }
  const pixels = images.channels * images.height * images.width
  const available = images.labels.length
  const Pixels = images.images.constructor as new (length: number) => Uint8Array | Float32Array
  const copy = new Pixels(count * pixels)
  for (let i = 0; i < count; i++) {
    const from = (i % available) * pixels
    copy.set(images.images.subarray(from, from + pixels), i * pixels)
  }
  return { ...images, images: copy, labels: Int32Array.from({ length: count }, (_, i) => images.labels[i % available]) }
}

function byFamily(value: (family: keyof Profile) => number): Profile {
  return Object.fromEntries(FAMILIES.map((family) => [family, value(family)])) as Profile
}

function busy(profile: Profile): number {
  return sum(Object.values(profile))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
