#!/usr/bin/env node
/**
 * Compares the addon with a PyTorch run of the whole NAS-Bench-201 supernet (C=16, N=5).
 *
 *     npm run check:golden -- FOLDER
 *
 * FOLDER holds supernet201.pt, images.npy, labels.npy, logits.npy and expected.json: weights, one batch, the logits of
 * some paths, and four consecutive training steps. Prints one line per check with the largest error found; exits 1 if
 * any is above its tolerance. Needs `npm run build` and the addon.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTorchStateDict } from '../dist/checkpoint/torch-zip.js'
import { gradientVariance } from '../dist/evaluation/gradient-variance.js'
import { PathImportance } from '../dist/methods/path-importance.js'
import { Dataset, Supernet } from '../dist/native.js'
import { nasBench201 } from '../dist/spaces/nasbench201.js'
import { readNpy } from './npy.mjs'

const folder = process.argv[2]
if (folder === undefined) {
  console.error('Expected a folder of golden values but received none: npm run check:golden -- FOLDER')
  process.exit(2)
}
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
const space = nasBench201({ channels: expected.channels, cellsPerStage: expected.cells_per_stage })
const specs = space.parameters()

let passed = 0
let failed = 0
/** Prints and counts one check; NaN fails. */
function check(what, error, tolerance) {
  const good = error <= tolerance
  if (good) passed++
  else failed++
  console.log(`${good ? 'passed' : 'FAILED'}  ${what}: largest error ${error.toExponential(1)}, allowed ${tolerance}`)
}

const absolute = (actual, wanted) => Math.abs(actual - wanted)
const relative = (actual, wanted) => Math.abs(actual - wanted) / Math.abs(wanted)
/** Largest error over pairs; NaN wins. */
function worst(pairs, error) {
  let largest = 0
  for (const [actual, wanted] of pairs) {
    const found = error(actual, wanted)
    if (!(found <= largest)) largest = found
    if (Number.isNaN(largest)) break
  }
  return largest
}
const zip = (actual, wanted) => {
  if (actual.length !== wanted.length) throw new Error(`Expected ${wanted.length} values but received ${actual.length}`)
  return Array.from(wanted, (value, i) => [actual[i], value])
}

/** Convolution biases before a batch norm: their gradient is zero, and what PyTorch records is rounding noise. */
const isConvolutionBias = (name) => name.endsWith('.op.1.bias')

function* byName(flat) {
  let offset = 0
  for (const { name, shape } of specs) {
    const length = shape.reduce((product, extent) => product * extent, 1)
    yield [name, flat.subarray(offset, offset + length)]
    offset += length
  }
}

const state = await readTorchStateDict(join(folder, 'supernet201.pt'))
check(
  'parameters missing or left over',
  specs.filter(({ name }) => !state.has(name)).length + state.size - specs.length,
  0,
)
const net = new Supernet(specs)
await net.write('parameters', Float32Array.from(specs.flatMap(({ name }) => Array.from(state.get(name).data))))
const images = readNpy(join(folder, 'images.npy'))
const labels = readNpy(join(folder, 'labels.npy')).data
const dataset = new Dataset({ images: images.data, labels, ...space.input })
const indices = Int32Array.from(labels, (_, i) => i)

const logits = readNpy(join(folder, 'logits.npy')).data
const perPath = indices.length * space.classes
for (const [i, path] of expected.paths.entries()) {
  const plan = net.compile(space.program(path))
  const found = await net.logits(plan, dataset, indices)
  plan.dispose()
  check(`logits of ${path}`, worst(zip(found, logits.subarray(i * perPath, (i + 1) * perPath)), absolute), 1e-4)
}

const { lr, momentum, weight_decay: weightDecay, clip: clipNorm } = expected.optimizer
for (const [i, step] of expected.steps.entries()) {
  const name = `step ${i + 1}`
  const plan = net.compile(space.program(step.path))
  const options = { learningRate: lr, momentum, weightDecay, clipNorm, unsampled: 'skip' }
  const record = await net.trainStep(plan, { dataset, indices }, options)
  check(`${name} loss`, absolute(record.loss, step.loss), 1e-5)
  check(`${name} sample importance`, worst(zip(record.importance, step.sample_importance), absolute), 1e-5)

  const norms = new Map(plan.parameters.map((parameter, at) => [parameter, record.gradientNorms[at]]))
  const sampled = Object.entries(step.gradient_norm).map(([parameter, norm]) => [parameter, norms.get(parameter), norm])
  check(`${name} parameters sampled without a golden gradient`, norms.size - sampled.length, 0)
  const pairs = (bias) => sampled.filter(([p]) => isConvolutionBias(p) === bias).map(([, found, norm]) => [found, norm])
  check(`${name} gradient norms`, worst(pairs(false), relative), 1e-3)
  check(`${name} gradient norms of convolution biases`, worst(pairs(true), absolute), 1e-5)
  check(`${name} global gradient norm`, relative(record.globalNorm, step.total_gradient_norm), 1e-3)

  const importance = new PathImportance(space, false)
  importance.add(step.path, plan.parameters, record.gradientNorms, record.clipScale)
  // The first step of an epoch halves its importance: s ← (0 + g)/2.
  const operations = Object.entries(step.operation_importance).map(([k, value]) => [2 * importance.values[k], value])
  check(`${name} operation importance`, worst(operations, relative), 1e-3)

  const weights = new Map(byName(await net.read('parameters')))
  const after = Object.entries(step.parameter_norm_after).map(([p, norm]) => [Math.hypot(...weights.get(p)), norm])
  check(`${name} parameter norms after the update`, worst(after, relative), 1e-5)
  plan.dispose()
}

const moments = await net.moments()
const golden = expected.gradient_variance
const total = gradientVariance(specs, space.operations, moments)
check('gradient variance', relative(total.all, golden.value), 1e-3)
check('scalars never sampled', absolute(total.neverSampled, golden.never_sampled), 0)
const variances = specs.map(({ name }, i) => ({ name, found: moments.meanVariance[i], ...golden.by_parameter[name] }))
const times = variances.map(({ times_sampled: wanted = 0 }, i) => [moments.timesSampled[i], wanted])
check('times sampled', worst(times, absolute), 0)
const known = variances.filter(({ mean_variance: wanted }) => wanted !== undefined)
const varianceOf = (bias) =>
  known
    .filter(({ name }) => isConvolutionBias(name) === bias)
    .map(({ found, mean_variance: wanted }) => [found, wanted])
check('gradient variance per parameter', worst(varianceOf(false), relative), 1e-3)
// The square of the tolerance on bias gradients.
check('gradient variance of convolution biases', worst(varianceOf(true), absolute), 1e-10)

dataset.dispose()
net.dispose()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
