/** What both sides of a benchmark get: the same paths, images, labels and weights, all drawn from one seed. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nasBench201, parsePath, RandomStream, UserError } from '../../dist/index.js'

export const IMAGE = { channels: 3, height: 32, width: 32 }
export const CLASSES = 10
/** Per channel, in units of pixel value / 255: what uniform bytes have. */
export const MEAN = [0.5, 0.5, 0.5]
export const STD = [0.2898, 0.2898, 0.2898]

const COUNT = 12
/** The first seed whose twelve paths have 16 3×3 and 13 1×1 convolutions, 1.33 and 1.08 per path: near the average. */
const SEED = 56

/** Paths drawn uniformly, the same ones at every call. */
export function drawPaths(count = COUNT) {
  const stream = RandomStream.named(SEED, 'benchmark paths')
  const { edges, operations } = nasBench201()
  return Array.from({ length: count }, () => Array.from({ length: edges }, () => stream.integer(operations.length)))
}

/** One path per line, as operation indices or architecture. */
export function readPaths(file) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
  const paths = lines.filter((line) => line !== '').map((line) => parsePath(nasBench201(), line))
  if (paths.length === 0) throw new UserError(`Expected a path per line in ${file} but received none`, 2)
  return paths
}

/** Writes weights, images (bytes, and floats normalised from them) and labels for both sides into `folder`. */
export async function writeInputs(folder, { channels, cells, images: count }) {
  const specs = nasBench201({ channels, cellsPerStage: cells, input: IMAGE }).parameters()
  const random = RandomStream.named(SEED, 'benchmark weights and images')
  const weights = specs.flatMap(({ shape, init }) =>
    Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => (2 * random.uniform() - 1) * init.bound),
  )
  const plane = IMAGE.height * IMAGE.width
  const bytes = Uint8Array.from({ length: count * IMAGE.channels * plane }, () => random.integer(256))
  const channel = (i) => Math.floor(i / plane) % IMAGE.channels
  const floats = Float32Array.from(bytes, (byte, i) => (byte / 255 - MEAN[channel(i)]) / STD[channel(i)])
  const labels = Int32Array.from({ length: count }, () => random.integer(CLASSES))
  await Promise.all(
    Object.entries({
      'weights.json': JSON.stringify(specs.map(({ name, shape }) => [name, shape])),
      'weights.f32': Float32Array.from(weights),
      'images.u8': bytes,
      'images.f32': floats,
      'labels.i32': labels,
    }).map(([name, data]) => writeFile(join(folder, name), data)),
  )
}
