#!/usr/bin/env node
/**
 * Does a network learn here as it does in PyTorch? Trains DARTS_V2 on CIFAR-10 by the authors' recipe, shortened, from
 * several seeds on both sides, and compares the test accuracies epoch by epoch.
 *
 *     npm run check:learning -- CIFAR [--python PYTHON] [--out runs/learning] [--seeds 2] [--epochs 20] [--channels 16]
 *         [--cells 8] [--images 50000] [--threads 1] [--publish]
 *
 * CIFAR is the folder of the official binary files, PYTHON one with torch and numpy. All of it takes about a day of one
 * core; a stopped script goes on from the last checkpoint of each training. A folder of `--out` keeps to its settings. With
 * fewer images than 50,000 the sides learn from different ones: here as many of each class, in PyTorch the first.
 * `--publish` writes `docs/evidence/learning.csv` and `.svg` of what is there. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DARTS_V2, encodeGenotype, UserError } from 'pada-native'
import { writeAtomically } from '#dist/base/atomic.js'
import { eventsOf } from '#dist/runs/event-log.js'
import { run } from '../support/ending.mjs'
import { keepSettings } from '../support/kept-settings.mjs'
import { wholeOption } from '../support/whole-option.mjs'
import { drawLearning } from './learning-page.mjs'

/** @typedef {import('./learning-page.mjs').Curve} Curve */

const file = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    out: { type: 'string', default: file('runs/learning') },
    seeds: { type: 'string', default: '2' },
    epochs: { type: 'string', default: '20' },
    channels: { type: 'string', default: '16' },
    cells: { type: 'string', default: '8' },
    images: { type: 'string', default: '50000' },
    threads: { type: 'string', default: '1' },
    publish: { type: 'boolean', default: false },
  },
})
if (positionals.length !== 1) {
  throw new UserError(`Expected one folder of CIFAR-10 but received ${positionals.length || 'none'}`, 2)
}
const [cifar] = positionals
const [seeds, epochs, channels, cells, images, threads] = [
  wholeOption(options, 'seeds'),
  wholeOption(options, 'epochs'),
  wholeOption(options, 'channels'),
  wholeOption(options, 'cells'),
  wholeOption(options, 'images'),
  wholeOption(options, 'threads'),
]

/** The sides, and how a training starts or goes on in its folder. */
const SIDES = {
  'pada-native': (/** @type {string} */ folder, /** @type {number} */ seed) => {
    const cli = [file('dist/cli/main.js'), 'retrain']
    const settings = [
      `seed=${seed}`,
      `threads=${threads}`,
      `data.dir=${cifar}`,
      `data.trainCount=${images}`,
      `network.channels=${channels}`,
      `network.cells=${cells}`,
      `training.epochs=${epochs}`,
    ]
    const recipe = ['--config', file('configs/retrain-darts-cifar10.yaml'), '--path', encodeGenotype(DARTS_V2)]
    const begin = [...recipe, '--out', folder, '--set', ...settings]
    const resume = ['--resume', folder, '--set', `data.dir=${cifar}`]
    return train(process.execPath, [...cli, ...(existsSync(join(folder, 'config.yaml')) ? resume : begin)])
  },
  PyTorch: (/** @type {string} */ folder, /** @type {number} */ seed) => {
    const sizes = Object.entries({ seed, epochs, channels, cells, images, threads })
    return train(options.python, [
      file('scripts/check/learning.py'),
      cifar,
      folder,
      ...sizes.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ])
  },
}

await keepSettings(options.out, { epochs, channels, cells, images })
/** @type {Curve[]} */
const curves = []
for (let seed = 0; seed < seeds; seed++) {
  for (const [side, begin] of Object.entries(SIDES)) {
    const folder = join(options.out, `${side.toLowerCase()}-seed${seed}`)
    if ((await accuracies(folder)).length < epochs) await begin(folder, seed)
    curves.push({ side, seed, top1: await accuracies(folder) })
    await publish()
  }
}
for (const side of Object.keys(SIDES)) {
  const last = curves
    .filter((curve) => curve.side === side)
    .map(({ top1 }) => `${(100 * top1[epochs - 1]).toFixed(2)} %`)
  console.log(`${side}: ${last.join(', ')} after epoch ${epochs}`)
}

/**
 * Test accuracies by epoch, as far as a training has come.
 *
 * @param {string} folder
 */
async function accuracies(folder) {
  /** @type {{ event: 'epoch', top1: number }[]} */
  const logged = await eventsOf(folder, 'epoch')
  return logged.map(({ top1 }) => top1)
}

/** Table and figure of what is there. */
async function publish() {
  const folder = options.publish ? file('docs/evidence') : options.out
  const rows = curves.flatMap(({ side, seed, top1 }) =>
    top1.map((value, i) => [side, seed, i + 1, value.toFixed(4)].join()),
  )
  await writeAtomically(join(folder, 'learning.csv'), `${['side,seed,epoch,top1', ...rows].join('\n')}\n`)
  await writeAtomically(join(folder, 'learning.svg'), await drawLearning(curves, { channels, cells, images }))
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function train(command, args) {
  const { code, signal } = await run(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).catch((error) => {
    throw new UserError(`Expected a program that trains but received ${command}: ${error.message}`, 2)
  })
  if (code !== 0) throw new UserError(`Expected ${command} to train but it ended with ${code ?? signal}`)
}
