/** Measures how long a path takes to evaluate one batch on this machine. */

import { cpus } from 'node:os'
import { packageVersion } from '../base/folders.js'
import { RandomStream } from '../base/random.js'
import { median } from '../base/statistics.js'
import { type Config, LATENCY, type LatencyConfig } from '../config/schema.js'
import { Dataset, gpuNameOf, type ImageData, type ImageSource, nativeInfo, type Supernet } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** The supernet to measure, and how to measure it; defaults: {@link LATENCY}. */
export interface LatencyOptions extends Partial<LatencyConfig> {
  readonly space: SearchSpace
  readonly supernet: Pick<Supernet, 'compile' | 'evaluate'>
  /** At least one batch of images; every repetition evaluates the same ones. See {@link noiseDataset}. */
  readonly data: ImageSource
  readonly signal?: AbortSignal
}

/**
 * Milliseconds that a batch of `batchSize` images takes from the call to its result: the median of `repetitions`
 * evaluations in a row, after `warmup` evaluations that do not count. The measurement is noisy, most of all for small
 * networks. It depends on threads, device, precision and the machine's other load, but not on the weights.
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
  return median(times)
}

/** Images of noise to measure on: the time does not depend on the pixels. */
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

/** Everything but the path that a latency depends on. Latencies measured under another key are not comparable. */
export function latencyKey({ device, precision }: Config, { batchSize, warmup, repetitions }: LatencyConfig): object {
  const { threads, torch, cpuCapability, convolutionKernels } = nativeInfo()
  const processor = device === 'cpu' ? cpus()[0]?.model : gpuNameOf(device)
  const code = { version: packageVersion(), torch, cpuCapability, convolutionKernels }
  return { processor, threads, ...code, precision, batchSize, warmup, repetitions }
}
