/** How long a path takes to evaluate one batch, on this machine as it is now. */
import { cpus } from 'node:os'
import { RandomStream } from '../base/random.js'
import { type Config, LATENCY, type LatencyConfig } from '../config/schema.js'
import { Dataset, type ImageData, type ImageSource, nativeInfo, type Supernet } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** What latency is measured on, and how; defaults are {@link LATENCY}. */
export interface LatencyOptions extends Partial<LatencyConfig> {
  readonly space: SearchSpace
  readonly supernet: Pick<Supernet, 'compile' | 'evaluate'>
  /** At least a batch of images, which are evaluated again and again: see {@link noiseDataset}. */
  readonly data: ImageSource
  readonly signal?: AbortSignal
}

/**
 * Milliseconds that a batch of `batchSize` images takes from the call to its result: the median of `repetitions` single
 * evaluations, one after the other, after `warmup` that do not count. Noisy, all the more for small networks; it depends
 * on the threads, the device and the precision, and on what else the machine does, but not on the weights.
 */
export async function measureLatency(path: Path, options: LatencyOptions): Promise<number> {
  const { space, supernet, data, signal } = options
  const { batchSize, warmup, repetitions } = { ...LATENCY, ...options }
  using plan = supernet.compile(space.program(path))
  const times: number[] = []
  for (let i = 0; i < warmup + repetitions; i++) {
    signal?.throwIfAborted()
    const start = performance.now()
    await supernet.evaluate(plan, data, { batchSize, count: batchSize })
    if (i >= warmup) times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const middle = times.length >> 1
  return times.length % 2 === 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2
}

/** Images of noise to measure on: time does not depend on what is in a picture. */
export function noiseDataset(shape: Shape, count: number, device: Config['device']): Dataset {
  const { channels, height, width } = shape
  const random = RandomStream.named(0, 'latency')
  const data: ImageData = {
    images: Uint8Array.from({ length: count * channels * height * width }, () => random.integer(256)),
    labels: new Int32Array(count),
    channels,
    height,
    width,
    mean: new Array<number>(channels).fill(0.5),
    std: new Array<number>(channels).fill(0.25),
  }
  return new Dataset(data, device)
}

/** What a latency depends on, beside the path; one measured under other circumstances is of no use. */
export function latencyKey({ device, precision }: Config, { batchSize, warmup, repetitions }: LatencyConfig): object {
  const { threads, torch, cudaDevices } = nativeInfo()
  const processor = device === 'cuda' ? cudaDevices[0] : cpus()[0]?.model
  return { processor, threads, torch, precision, batchSize, warmup, repetitions }
}
