#!/usr/bin/env node
/**
 * Do networks of NAS-Bench-201 that are trained here rank as the benchmark's table ranks them? Trains architectures from
 * all over the table by the benchmark's short recipe, and prints Kendall's tau.
 *
 *     npm run check:nasbench201-recipe -- CIFAR TABLE [--architectures 10] [--epochs 12] [--images 50000] [--seed 0]
 *         [--column cifar10_test] [--out runs/nasbench201-recipe] [--set key=value …]
 *
 * CIFAR is the folder of the official binary files; TABLE is NAS-Bench-201 in any format that `groundTruth.file` reads. The
 * architectures stand at equal distances in the table's order, without those that learn nothing. All of CIFAR-10 takes
 * hours of one core; a stopped script goes on from the last checkpoint. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  createSpace,
  kendallTauB,
  loadGroundTruth,
  loadRetrainConfig,
  parseConfig,
  retrain,
  UserError,
} from 'pada-native'
import { wholeOption } from '../support/whole-option.mjs'

const file = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
/** In percent: of an architecture that computes the same for all images, twice. */
const CHANCE = 20
const ASSIGNMENT = /^[A-Za-z][\w.-]*=/

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    architectures: { type: 'string', default: '10' },
    epochs: { type: 'string', default: '12' },
    images: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '0' },
    column: { type: 'string', default: 'cifar10_test' },
    out: { type: 'string', default: file('runs/nasbench201-recipe') },
    set: { type: 'string', multiple: true, default: [] },
  },
})
// As for the commands, several assignments may follow one --set.
const set = [...options.set, ...positionals.filter((word) => ASSIGNMENT.test(word))]
const places = positionals.filter((word) => !ASSIGNMENT.test(word))
if (places.length !== 2) {
  throw new UserError(`Expected a folder of CIFAR-10 and a table but received ${places.length} arguments`, 2)
}
const [cifar, table] = places
const architectures = wholeOption(options, 'architectures', 2)
const [epochs, images, seed] = [
  wholeOption(options, 'epochs'),
  wholeOption(options, 'images'),
  wholeOption(options, 'seed', 0),
]
const space = createSpace(parseConfig({}).space, { channels: 3, height: 32, width: 32 }, 10)
const truth = await loadGroundTruth(table, space, { column: options.column })
const ranked = truth.paths
  .map((path) => ({ path, published: truth.accuracy(path) ?? 0 }))
  .filter(({ published }) => published > CHANCE)
  .sort((a, b) => a.published - b.published)
const step = (ranked.length - 1) / (architectures - 1)
const chosen = Array.from({ length: architectures }, (_, i) => ranked[Math.round(i * step)])

/** @type {number[]} */
const own = []
for (const { path, published } of chosen) {
  const arch = space.encode(path)
  const top1 = await trained(arch, join(options.out, `${path.join('')}-seed${seed}`))
  own.push(100 * top1)
  console.log(`${arch}  here ${(100 * top1).toFixed(2)} %  published ${published.toFixed(2)} %`)
}
const tau = kendallTauB(
  own,
  chosen.map(({ published }) => published),
)
console.log(`Kendall tau ${tau.toFixed(3)} of ${architectures} architectures with ${options.column}`)

/**
 * Test accuracy after the last epoch, in [0, 1].
 *
 * @param {string} arch
 * @param {string} out
 */
async function trained(arch, out) {
  const assignments = [
    `network.path="${arch}"`,
    `data.dir=${cifar}`,
    `data.trainCount=${images}`,
    `training.epochs=${epochs}`,
    `seed=${seed}`,
    ...set,
  ]
  const config = await loadRetrainConfig({ file: file('configs/retrain-nasbench201-cifar10.yaml'), set: assignments })
  const where = existsSync(join(out, 'config.yaml')) ? { resume: out } : { out }
  for await (const event of retrain(config, where)) {
    if (event.event === 'epoch') console.error(`epoch ${event.epoch + 1}  ${(100 * event.top1).toFixed(2)} %`)
    if (event.event === 'result') return event.top1
  }
  throw new Error(`Expected a result of the retraining in ${out}`)
}
