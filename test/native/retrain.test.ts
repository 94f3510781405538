/** A retraining from TypeScript: its numbers, its initial weights, and how it continues. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { parseConfig, parseRetrainConfig, type RetrainInput } from '../../src/config/index.js'
import { loadSplits } from '../../src/data/index.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import type { RetrainEpochEvent, RetrainEvent } from '../../src/retraining/events.js'
import { networkOfRun } from '../../src/retraining/network-of-run.js'
import { type RetrainOptions, retrain } from '../../src/retraining/retrain.js'
import { openWeights } from '../../src/runs/open-weights.js'
import { infer } from '../../src/search/inference.js'
import { search } from '../../src/search/search.js'
import { createSpace } from '../../src/spaces/index.js'
import { initialise } from '../../src/training/snapshot.js'
import { temporaryFolder } from '../support/folders.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'

const DATA = { format: 'embedded', padTo: 32, downsample: 2, trainCount: 200, testCount: 64 } as const
const TRAINING = { epochs: 3, batchSize: 32, learningRate: 0.05, checkpointSeconds: 0 }
const PATH = '02012100'

function config(network: object = { space: 'nasbench-macro', path: PATH, channels: 4 }, training: object = {}) {
  const input = { threads: 1, network, data: DATA, training: { ...TRAINING, ...training } }
  return parseRetrainConfig(input as RetrainInput)
}

async function events(settings: ReturnType<typeof config>, options: RetrainOptions): Promise<RetrainEvent[]> {
  const all: RetrainEvent[] = []
  for await (const event of retrain(settings, options)) all.push(event)
  return all
}

const epochsOf = (all: readonly RetrainEvent[]) =>
  all.filter((event): event is RetrainEpochEvent => event.event === 'epoch')

/** An event without the fields that depend on the clock or the folder. */
const timeless = (event: object) => {
  const { seconds, imagesPerSecond, run, ...rest } = event as Record<string, unknown>
  return rest
}

/** Test images, normalised, and their labels. */
async function testImages() {
  const { test } = await loadSplits(parseConfig({ data: DATA }).data)
  const { mean = [0], std = [1] } = test
  const images = Float32Array.from(test.images, (byte) => (byte / 255 - mean[0]) / std[0])
  return { ...test, images }
}

/** By image: the number of classes whose logits are larger than its label's. */
function ranksOf(logits: Float32Array, labels: Int32Array): number[] {
  return Array.from(labels, (label, i) => {
    const row = [...logits.subarray(10 * i, 10 * i + 10)]
    return row.filter((logit) => logit > row[label]).length
  })
}

describe('a retraining', () => {
  it('says in its folder that it evaluates', async () => {
    const run = join(temporaryFolder(), 'run')
    const progress = () => JSON.parse(readFileSync(join(run, 'progress.json'), 'utf8'))
    for await (const event of retrain(config(), { out: run })) {
      if (event.event !== 'measuring') continue
      await expect.poll(() => progress().event, { timeout: 60_000 }).toEqual(event)
      expect(progress().perSecond).toBeNull()
    }
  })

  it('reports accuracies that the saved weights have, and keeps those of the best epoch', async () => {
    const run = join(temporaryFolder(), 'run')
    const all = await events(config(), { out: run })
    const result = all.at(-1)
    if (result?.event !== 'result') throw new Error('no result')
    const epochs = epochsOf(all)
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2])
    expect(result).toMatchObject({ space: 'nasbench-macro', arch: PATH, top1: epochs[2].top1, top5: epochs[2].top5 })
    const best = Math.max(...epochs.map(({ top1 }) => top1))
    expect(result.best).toMatchObject({ top1: best, epoch: epochs.findIndex(({ top1 }) => top1 === best) })

    const images = await testImages()
    for (const [file, { top1, top5 }] of [
      [run, result],
      [join(run, 'best.safetensors'), result.best],
    ] as const) {
      const opened = await openWeights(file)
      const space = await networkOfRun(opened.retraining!)
      const [logits] = await infer({ space, weights: opened.weights, images, paths: [[]] })
      const ranks = ranksOf(logits, images.labels)
      expect(ranks.filter((rank) => rank < 1).length / 64).toBe(top1)
      expect(ranks.filter((rank) => rank < 5).length / 64).toBe(top5)
    }

    // Files of a run with another seed are not those of this run.
    const settings = join(run, 'config.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^seed: .*$/m, 'seed: 7'))
    const file = join(run, 'best.safetensors')
    const others = `Expected the best weights of its own run for ${file} but received those of other settings: seed: 0, not 7`
    await expect(openWeights(file)).rejects.toThrow(others)
    await expect(openWeights(run)).rejects.toThrow(
      'of the settings in its config.yaml but received one of others: seed: 0, not 7',
    )
  })

  it('evaluates the averaged weights beside the raw ones, and keeps the best of them', async () => {
    const run = join(temporaryFolder(), 'run')
    const all = await events(config(undefined, { averaging: { decay: 0.8 } }), { out: run })
    const result = all.at(-1)
    if (result?.event !== 'result') throw new Error('no result')
    const averaged = epochsOf(all).map(({ top1Averaged }) => top1Averaged)
    expect(averaged).not.toEqual(epochsOf(all).map(({ top1 }) => top1))
    expect(result.top1Averaged).toBe(averaged[2])
    expect(result.best).toMatchObject({ weights: 'averaged', top1: Math.max(...averaged.map(Number)) })

    const images = await testImages()
    const opened = await openWeights(run)
    const space = await networkOfRun(opened.retraining!)
    const best = await openWeights(join(run, 'best.safetensors'))
    for (const [weights, top1] of [
      [opened.weights, result.top1],
      [opened.averaged!, result.top1Averaged],
      [best.weights, result.best.top1],
    ] as const) {
      const [logits] = await infer({ space, weights, images, paths: [[]] })
      expect(ranksOf(logits, images.labels).filter((rank) => rank < 1).length / 64).toBe(top1)
    }
  })

  it('goes on with the same test images and evaluation only, and says how the architecture was chosen', async () => {
    const run = join(temporaryFolder(), 'run')
    const data = await loadSplits(parseConfig({ data: DATA }).data)
    const controller = new AbortController()
    const work = async () => {
      for await (const event of retrain(config(), { out: run, data, signal: controller.signal, origin: 'found 1' })) {
        if (event.event === 'start') expect(event).toMatchObject({ origin: 'found 1', normalisation: {} })
        if (event.event === 'epoch') controller.abort()
      }
    }
    await expect(work()).rejects.toMatchObject({ name: 'AbortError' })

    const labels = data.test.labels.toReversed()
    const others = { ...data, test: { ...data.test, labels } }
    await expect(events(config(), { resume: run, data: others })).rejects.toThrow(
      `Expected the test images that ${run} was started with but received others`,
    )
    const fewer = parseRetrainConfig({ ...config(), evaluation: { imageCount: 10 } })
    await expect(events(fewer, { resume: run, data })).rejects.toThrow('evaluation.imageCount: nothing, not 10')
    expect((await events(config(), { resume: run, data })).at(-1)).toMatchObject({ event: 'result' })
  })

  it('counts no best epoch of a try that left no checkpoint', async () => {
    const run = join(temporaryFolder(), 'run')
    const data = await loadSplits(parseConfig({ data: DATA }).data)
    const others = { ...data, test: { ...data.test, labels: new Int32Array(64).fill(9) } }
    const before = (await events(config(), { out: run, data })).at(-1)
    // As if it had been killed before its first checkpoint.
    for (const name of ['checkpoint', 'summary.json']) rmSync(join(run, name), { recursive: true })
    const all = await events(config(), { resume: run, data: others })
    const best = Math.max(...epochsOf(all).map(({ top1 }) => top1))
    expect(before).toMatchObject({ event: 'result' })
    expect(before).not.toMatchObject({ best: { top1: best } })
    expect(all.at(-1)).toMatchObject({ best: { top1: best } })
  })

  it('counts the training images likewise, step by step', async () => {
    const { images, labels, channels, height, width } = await testImages()
    const shape = { channels, height, width }
    const space = createSpace(
      { name: 'nasbench201', channels: 4, cellsPerStage: 1, sharing: 'perOperation', affine: false },
      shape,
      10,
    )
    using supernet = Supernet.of(space)
    await initialise(supernet, createRandom(3))
    using plan = supernet.compile(space.program([3, 2, 3, 1, 0, 3]))
    using dataset = new Dataset({ images, labels, ...shape })
    const indices = Int32Array.from(labels, (_, i) => i)
    const options = {
      learningRate: 0,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      unsampled: 'skip',
      clipNorm: 5,
    } as const
    const { correct, correctTop5 } = await supernet.trainStep(plan, { dataset, indices }, options)
    const ranks = ranksOf(await supernet.logits(plan, dataset, indices), labels)
    expect([correct, correctTop5]).toEqual([1, 5].map((below) => ranks.filter((rank) => rank < below).length))
    expect(correctTop5).toBeGreaterThan(correct)
    expect(correctTop5).toBeLessThan(64)
  })

  const variants: [string, object, object][] = [
    ['NAS-Bench-Macro', { space: 'nasbench-macro', path: PATH, channels: 4 }, {}],
    [
      'DARTS with drop path',
      { space: 'darts', path: new Array(22).fill(1).fill(0, 3, 11), channels: 4, cells: 3, dropPath: 0.2 },
      { dropPathSchedule: 'linear', optimizer: { kind: 'sgd', nesterov: true } },
    ],
    [
      'averages, RMSprop, warm-up, erasing, smoothing and parts of batches',
      { space: 'nasbench-macro', path: PATH, channels: 4 },
      {
        averaging: { decay: 0.9 },
        optimizer: { kind: 'rmsprop-tf', decayNormsAndBiases: false },
        warmup: { epochs: 1, from: 1e-6 },
        schedule: { kind: 'step' },
        labelSmoothing: 0.1,
        augmentation: [{ kind: 'flip' }, { kind: 'random-erasing' }],
        microBatchSize: 20,
      },
    ],
  ]
  it.each(variants)(
    'continues to the same numbers, stopped within epochs and after one: %s',
    async (_, network, training) => {
      const folder = temporaryFolder()
      const settings = config(network, training)
      const unbroken = await events(settings, { out: join(folder, 'unbroken') })
      const stops: ((event: RetrainEvent) => boolean)[] = [
        (event) => event.event === 'checkpoint' && event.step === 3,
        (event) => event.event === 'epoch' && event.epoch === 1,
        (event) => event.event === 'checkpoint' && event.epoch === 2 && event.step === 5,
      ]
      for (const [i, stop] of stops.entries()) {
        const controller = new AbortController()
        const work = async () => {
          const place = i === 0 ? { out: join(folder, 'run') } : { resume: join(folder, 'run') }
          for await (const event of retrain(settings, { ...place, signal: controller.signal })) {
            if (stop(event)) controller.abort()
          }
        }
        await expect(work()).rejects.toMatchObject({ name: 'AbortError' })
      }
      const resumed = await events(settings, { resume: join(folder, 'run') })
      expect(timeless(resumed.at(-1)!)).toEqual(timeless(unbroken.at(-1)!))
      const logged = (run: string) =>
        readFileSync(join(folder, run, 'events.jsonl'), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => timeless(JSON.parse(line)))
      expect(logged('run')).toEqual(logged('unbroken'))
      for (const file of ['checkpoint/weights.safetensors', 'checkpoint/state.safetensors', 'best.safetensors']) {
        const bytes = (run: string) => readFileSync(join(folder, run, file))
        expect(bytes('run').equals(bytes('unbroken')), file).toBe(true)
      }
    },
  )
})

describe('a retraining starts from', () => {
  /** Logits of a run's weights on random images. */
  async function logitsOf(folder: string, images: Float32Array): Promise<Float32Array> {
    const { retraining, weights } = await openWeights(folder)
    const space = await networkOfRun(retraining!)
    return (await infer({ space, weights, images: { images, ...space.input }, paths: [[]] }))[0]
  }

  /** Leaves a retraining when it has begun. */
  async function begin(options: RetrainOptions): Promise<void> {
    for await (const event of retrain(config(), options)) if (event.event === 'start') break
  }

  it('the supernet’s weights of its path, running statistics included', async () => {
    const folder = temporaryFolder()
    const space = { name: 'nasbench-macro', channels: 4 } as const
    const searched = parseConfig({ threads: 1, space, data: DATA, method: { name: 'spos' }, training: { ...TRAINING } })
    for await (const _ of search(searched, { out: join(folder, 'supernet'), phases: ['train'] }));
    await begin({ out: join(folder, 'run'), inherit: join(folder, 'supernet') })
    const supernet = createSpace(searched.space, { channels: 1, height: 16, width: 16 }, 10)
    const images = randomFloats(randomNumbers(1), 8 * 256, 2)
    const { weights } = await openWeights(join(folder, 'supernet'))
    const path = supernet.decode(PATH)
    const [expected] = await infer({ space: supernet, weights, images: { images, ...supernet.input }, paths: [path] })
    expect(relativeError(await logitsOf(join(folder, 'run'), images), expected)).toBeLessThan(1e-6)
    expect(JSON.parse(readFileSync(join(folder, 'run', 'import.json'), 'utf8'))).toMatchObject({ initial: [] })
    // It goes on from them.
    const [start, ...rest] = await events(config(), { resume: join(folder, 'run') })
    expect(start).toMatchObject({ event: 'start', resumed: { epoch: 0, step: 0 } })
    expect(epochsOf(rest)).toHaveLength(3)
  })

  it('weights of the same network, and refuses those of another', async () => {
    const folder = temporaryFolder()
    await events(config(), { out: join(folder, 'first') })
    await begin({ out: join(folder, 'second'), init: join(folder, 'first') })
    const images = randomFloats(randomNumbers(1), 8 * 256, 2)
    const logits = await logitsOf(join(folder, 'first'), images)
    expect(await logitsOf(join(folder, 'second'), images)).toEqual(logits)
    const other = config({ space: 'nasbench-macro', path: '22222222', channels: 4 })
    const work = events(other, { out: join(folder, 'third'), init: join(folder, 'first') })
    await expect(work).rejects.toThrow(/^Expected the \d+ tensors of nasbench-macro-network .* but received/)
  })
})
