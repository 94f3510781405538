/**
 * What methods cost beside the paths that they train: the same paths, images and weights for all, in turns, so that
 * whatever else the machine does falls on all of them. SPOS is the measure; FairNAS and SUMNAS are divided by the passes
 * that they make.
 */
import {
  createMethod,
  createRandom,
  Dataset,
  imageAugmentations,
  initialise,
  nasBench201,
  parseConfig,
  Supernet,
  setThreads,
  UserError,
} from 'pada-native'
import { median } from '#dist/base/statistics.js'
import { PlanCache } from '#dist/training/plan-cache.js'
import { CLASSES, IMAGE, MEAN, STD } from './inputs.mjs'
import { describeMachine, machineText, warnIfBusy } from './machine.mjs'
import { count, readOptions, sharedOptions } from './options.mjs'

const OPTIONS = {
  cells: sharedOptions.cells,
  device: sharedOptions.device,
  channels: count('Channels C', 16),
  batch: count('Images per batch', 64),
  steps: count('Steps per turn', 20),
  rounds: count('Turns of each method', 8),
  threads: count('Threads', 1),
  images: count('Training images N', 50_000),
}
/** Images that are really there, drawn at random: the indices of an epoch are taken modulo this. */
const RESIDENT = 2000

/** @typedef {import('./options.mjs').Settings<typeof OPTIONS>} Settings */
/** @typedef {{ label: string, passes: number, method: import('pada-native').ConfigInput['method'] }} Competitor */

/** At strength 0 importances are measured and mixed, but paths are drawn as SPOS draws them. */
const still = /** @type {const} */ ({ kind: 'constant', value: 0 })
/** @type {Competitor[]} */
const METHODS = [
  { label: 'SPOS', passes: 1, method: { name: 'spos' } },
  { label: 'PA&DA', passes: 1, method: { name: 'pada', pathSchedule: still, dataSchedule: still } },
  { label: 'FairNAS', passes: 5, method: { name: 'fairnas' } },
  { label: 'SUMNAS', passes: 10, method: { name: 'sumnas' } },
]

const AUGMENTATION = imageAugmentations(parseConfig({}).training.augmentation)
/** @type {import('pada-native').StepOptions} */
const RATES = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 2.5e-4 },
  clipNorm: 5,
  unsampled: 'decay',
}

/**
 * A method with a supernet of its own, which takes `steps` steps at a time.
 *
 * @param {Competitor} competitor
 * @param {Settings} settings
 * @param {Dataset} data
 */
function entrant({ label, passes, method: settings }, { channels, cells, batch, device, images, steps, rounds }, data) {
  const space = nasBench201({ channels, cellsPerStage: cells, input: IMAGE, classes: CLASSES })
  const random = createRandom(1)
  const config = parseConfig({ method: settings }).method
  const learningRate = RATES.learningRate
  // A turn is an epoch; the first one warms the code up.
  const method = createMethod(config, { space, images, epochs: rounds + 1, learningRate, random })
  const supernet = new Supernet(space.parameters(), { device })
  const plans = new PlanCache(space, supernet)
  const engine = { supernet, plan: plans.get.bind(plans) }
  /** @type {number[]} Seconds per turn for drawing its images and for learning from it. */
  const between = []
  return {
    label,
    passes,
    prepare: () => initialise(supernet, random),
    /** Seconds that `steps` steps take, begun as training begins them: one ahead if the method allows it. */
    async turn() {
      const began = performance.now()
      const order = method.epochIndices()
      const begin = (/** @type {number} */ step) => {
        const indices = order.subarray(step * batch, (step + 1) * batch).map((index) => index % data.count)
        const augmentation = { seed: random.augmentation.integer(2 ** 32), list: AUGMENTATION }
        return method.step(engine, { dataset: data, indices, augmentation }, RATES)
      }
      const start = performance.now()
      let next = begin(0)
      for (let step = 0; step < steps; step++) {
        const current = next
        if (method.overlapping && step + 1 < steps) next = begin(step + 1)
        await current
        if (!method.overlapping && step + 1 < steps) next = begin(step + 1)
      }
      const seconds = (performance.now() - start) / 1000
      const ended = performance.now()
      method.endEpoch(between.length)
      between.push((start - began + performance.now() - ended) / 1000)
      return seconds
    },
    /** Their median, once the code is warm. */
    perEpoch: () => median(between.slice(1)),
  }
}

/** @param {string[]} args */
export async function main(args) {
  const options = await readOptions(args, 'npm run bench:methods --', 'What a step of each method costs.', OPTIONS)
  const most = Math.floor(options.images / options.batch)
  if (options.steps > most) {
    throw new UserError(
      `Expected at most ${most} for --steps, the batches in --images, but received ${options.steps}`,
      2,
    )
  }
  await setThreads(options.threads)
  const machine = describeMachine()
  warnIfBusy(machine, console.error)
  const random = createRandom(2)
  const length = RESIDENT * IMAGE.channels * IMAGE.height * IMAGE.width
  const images = Uint8Array.from({ length }, () => random.data.integer(256))
  const labels = Int32Array.from({ length: RESIDENT }, () => random.data.integer(CLASSES))
  const data = new Dataset({ images, labels, ...IMAGE, mean: MEAN, std: STD }, options.device)
  const entrants = METHODS.map((method) => entrant(method, options, data))
  /** @type {number[][]} */
  const ratios = entrants.map(() => [])
  /** @type {number[][]} */
  const steps = entrants.map(() => [])
  for (const each of entrants) {
    await each.prepare()
    await each.turn()
  }
  for (let round = 0; round < options.rounds; round++) {
    /** @type {number[]} */
    const seconds = []
    // Forwards and backwards in turn, so that none is always the first.
    const order = [...entrants.keys()]
    for (const i of round % 2 === 0 ? order : order.reverse()) seconds[i] = await entrants[i].turn()
    for (const [i, { passes }] of entrants.entries()) {
      ratios[i].push(seconds[i] / passes / seconds[0])
      steps[i].push(seconds[i] / options.steps)
    }
  }
  console.log(machineText(machine, options.device, options.threads))
  console.log(`Batches of ${options.batch}, C = ${options.channels}, N = ${options.cells}, ${options.images} images`)
  for (const [i, { label, passes, perEpoch }] of entrants.entries()) {
    const stepsPerEpoch = Math.ceil(options.images / options.batch)
    const epoch = median(steps[0]) * stepsPerEpoch * passes
    const share = (perEpoch() / epoch) * 100
    const pass = `${median(ratios[i]).toFixed(3)} of SPOS's pass`
    console.log(
      `${label.padEnd(8)} ${(median(steps[i]) * 1000).toFixed(1)} ms a step of ${passes}, ${pass}; drawing images and learning after an epoch take ${share.toFixed(2)} % of it`,
    )
  }
}
