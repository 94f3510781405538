/** What both sides of a benchmark get: the same paths, images, labels and weights, all drawn from one seed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nasBench201, parsePath, RandomStream, UserError } from 'pada-native'
import { NETWORKS } from './networks.mjs'

export const IMAGE = { channels: 3, height: 32, width: 32 }
export const CLASSES = 10
/** Per channel, in units of pixel value / 255: what uniform bytes have. */
export const MEAN = [0.5, 0.5, 0.5]
export const STD = [0.2898, 0.2898, 0.2898]

const COUNT = 12
/**
 * The first seed whose twelve paths are like the space's average: 16 convolutions 3×3 and 13 of 1×1, of which 14 and 11
 * are left without dead edges; dead edges in five paths, and no path that passes no signal at all.
 */
const SEED = 9430

/**
 * Paths drawn uniformly, the same ones at every call.
 *
 * @returns {import('pada-native').Path[]}
 */
export function drawPaths(count = COUNT) {
  const stream = RandomStream.named(SEED, 'benchmark paths')
  const { choices, operations } = nasBench201()
  return Array.from({ length: count }, () =>
    Array.from({ length: choices.length }, () => stream.integer(operations.length)),
  )
}

/**
 * Reads one path per line, as operation indices or architecture.
 *
 * @param {string} file
 */
export function readPaths(file) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
  const paths = lines.filter((line) => line !== '').map((line) => parsePath(nasBench201(), line))
  if (paths.length === 0) throw new UserError(`Expected a path per line in ${file} but received none`, 2)
  return paths
}

/**
 * The network, its size and its images' by default the published ones; and how many images to draw.
 *
 * @typedef {{
 *   network?: import('./networks.mjs').NetworkName
 *   size?: import('./networks.mjs').Size
 *   image?: import('pada-native').Shape
 *   images: number
 * }} InputOptions
 */

/**
 * Runs `work` with a temporary folder of weights, images and labels, which is removed also if the process ends.
 *
 * @template Result
 * @param {InputOptions} options
 * @param {(folder: string) => Promise<Result>} work
 */
export async function withInputs(options, work) {
  const folder = mkdtempSync(join(tmpdir(), 'pada-native-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    await writeInputs(folder, options)
    return await work(folder)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/**
 * Weights, images (bytes, and floats normalised from them) and labels, as files that both sides read.
 *
 * @param {string} folder
 * @param {InputOptions} options
 */
async function writeInputs(folder, { network: name = 'nasbench201', size, image, images: count }) {
  const network = NETWORKS[name]
  const { channels, height, width } = image ?? network.image
  const specs = network.space(size ?? network.size, { channels, height, width }).parameters()
  const random = RandomStream.named(SEED, 'benchmark weights and images')
  const plane = height * width
  const bytes = Uint8Array.from({ length: count * channels * plane }, () => random.integer(256))
  const channel = (/** @type {number} */ i) => Math.floor(i / plane) % channels
  const floats = Float32Array.from(bytes, (byte, i) => (byte / 255 - MEAN[channel(i)]) / STD[channel(i)])
  const labels = Int32Array.from({ length: count }, () => random.integer(network.classes))
  await Promise.all(
    Object.entries({
      'weights.json': JSON.stringify(specs.map(({ name, shape }) => [name, shape])),
      'weights.f32': drawWeights(specs, random),
      'images.u8': bytes,
      'images.f32': floats,
      'labels.i32': labels,
    }).map(([name, data]) => writeFile(join(folder, name), data)),
  )
}

/**
 * @param {readonly import('pada-native').ParameterSpec[]} specs
 * @param {RandomStream} random
 */
function drawWeights(specs, random) {
  const lengths = specs.map(({ shape }) => shape.reduce((product, n) => product * n, 1))
  const weights = new Float32Array(lengths.reduce((a, b) => a + b, 0))
  let offset = 0
  for (const [index, { init }] of specs.entries()) {
    const part = weights.subarray(offset, offset + lengths[index])
    offset += lengths[index]
    if (init.kind === 'ones') part.fill(1)
    if (init.kind === 'uniform') for (let i = 0; i < part.length; i++) part[i] = (2 * random.uniform() - 1) * init.bound
    if (init.kind === 'normal') for (let i = 0; i < part.length; i++) part[i] = random.normal() * init.deviation
  }
  return weights
}
