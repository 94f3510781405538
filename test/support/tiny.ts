/** A search small enough to run hundreds of times. */
import { type ConfigInput, parseConfig } from '../../src/config/index.js'
import type { Splits } from '../../src/data/splits.js'
import type { ImageData } from '../../src/native/index.js'
import type { SearchEvent } from '../../src/search/events.js'

export function tinyImages(count: number): ImageData {
  const images = Uint8Array.from({ length: count * 8 * 8 }, (_, i) => (i * 37) % 256)
  const labels = Int32Array.from({ length: count }, (_, i) => i % 4)
  return { images, labels, channels: 1, height: 8, width: 8, mean: [0.5], std: [0.5] }
}

export const tinySplits: Splits = { train: tinyImages(50), test: tinyImages(20), classes: 4, name: 'tiny' }

/** Epochs of seven steps: 50 images in batches of 8, the last with two images. */
export function tinyConfig(changes: ConfigInput = {}) {
  return parseConfig({
    name: 'tiny',
    space: { name: 'nasbench201', channels: 2, cellsPerStage: 1 },
    method: { name: 'pada', dataSchedule: { kind: 'constant', value: 0.5 } },
    ...changes,
    training: { epochs: 3, batchSize: 8, checkpointSeconds: 1e6, ...changes.training },
    ranking: { subModels: 20, batchSize: 10, ...changes.ranking },
  })
}

export async function collect<R>(events: AsyncGenerator<SearchEvent, R>): Promise<SearchEvent[]> {
  const all: SearchEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** An event without the fields that depend on the clock or the folder. */
export function timeless(event: object): Record<string, unknown> {
  const { seconds, imagesPerSecond, run, ...rest } = event as Record<string, unknown>
  return rest
}
