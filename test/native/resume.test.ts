import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../src/config/index.js'
import { METHODS } from '../../src/config/methods.js'
import type { EpochEvent, SearchEvent } from '../../src/search/events.js'
import { search } from '../../src/search/search.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resume-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One thread: sums of several threads come in any order, and then runs agree only within rounding. */
function config(changes: ConfigInput = {}) {
  return parseConfig({
    threads: 1,
    space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
    data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 200, testCount: 64 },
    ...changes,
    training: {
      epochs: 3,
      batchSize: 32,
      checkpointSeconds: 0,
      augmentation: [{ kind: 'pad-crop', padding: 2 }, { kind: 'flip' }],
      ...changes.training,
    },
    ranking: { subModels: 12, batchSize: 64 },
  })
}

const logged = (name: string) =>
  readFileSync(join(folder, name, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds, imagesPerSecond, run, ...rest } = JSON.parse(line)
      return rest
    })

async function events(work: AsyncGenerator<SearchEvent, unknown>): Promise<SearchEvent[]> {
  const all: SearchEvent[] = []
  for await (const event of work) all.push(event)
  return all
}

describe('a resumed run', () => {
  const constant = { kind: 'constant', value: 0.6 } as const
  const variants: [string, ConfigInput][] = [
    ['PA&DA', { method: { name: 'pada', pathSchedule: constant, dataSchedule: constant } }],
    [
      'PA&DA, per edge and unbiased',
      { method: { name: 'pada', perEdge: true, unbiased: true, pathSchedule: constant } },
    ],
    [
      'CLOSE, with a plateau that is short of breath',
      {
        method: { name: 'close', curriculum: [1, 2, 3], restart: 3 },
        training: { schedule: { kind: 'plateau', patience: 0 } },
      },
    ],
    ['SPOS without decay of unsampled weights', { method: { name: 'spos' }, training: { unsampled: 'skip' } }],
    [
      'SPOS by RMSprop in parts, with averages, warm-up and a schedule by step',
      {
        method: { name: 'spos' },
        training: {
          microBatchSize: 20,
          learningRate: 0.01,
          optimizer: { kind: 'rmsprop-tf', decayNormsAndBiases: false },
          averaging: { decay: 0.9, warmup: true },
          warmup: { steps: 9 },
          schedule: { kind: 'cosine', per: 'step' },
        },
      },
    ],
    [
      'FairNAS by AdamW, with averages and one cycle',
      {
        method: { name: 'fairnas' },
        training: { optimizer: { kind: 'adamw' }, averaging: { decay: 0.9 }, schedule: { kind: 'one-cycle' } },
      },
    ],
    ['SUMNAS with averages', { method: { name: 'sumnas' }, training: { averaging: { decay: 0.9 }, varianceSteps: 3 } }],
    ['SPOS by model size', { method: { name: 'spos', sampling: 'modelSize' } }],
    ['MAGIC-T', { method: { name: 'magic-t' } }],
    ['MAGIC-AT', { method: { name: 'magic-a', paths: 'chain' }, training: { varianceSteps: 3 } }],
    ['SPOS with noise on gradients', { method: { name: 'spos' }, training: { gradientNoise: 1e-3 } }],
    [
      'PA&DA with every augmentation',
      {
        method: { name: 'pada', dataSchedule: constant },
        training: {
          augmentation: [
            { kind: 'pad-crop', padding: 2 },
            { kind: 'flip' },
            { kind: 'auto-augment' },
            { kind: 'cutout', size: 6 },
            { kind: 'random-erasing', probability: 0.5 },
            { kind: 'mixup' },
          ],
          labelSmoothing: 0.1,
          varianceSteps: 3,
        },
      },
    ],
    ['FairNAS as released', { method: { name: 'fairnas', compat: true } }],
    ['SUMNAS', { method: { name: 'sumnas' }, training: { varianceSteps: 3 } }],
  ]
  it('is tried for every method but standalone, which learns nothing from step to step', () => {
    const tried = new Set(variants.map(([, { method }]) => method!.name))
    expect(METHODS.filter((name) => !tried.has(name))).toEqual(['standalone'])
  })

  it.each(variants)('equals an unbroken one to the last bit, stopped within an epoch: %s', async (_name, changes) => {
    await events(search(config(changes), { out: join(folder, 'unbroken') }))
    const run = join(folder, 'run')
    const continued: unknown[] = []
    // Stopped four times: within the first epoch, behind its last step (in the measurement of the variance, if there is
    // one), within the second epoch, between two sub-models of the ranking.
    const stops: ((event: SearchEvent) => boolean)[] = [
      (event) => event.event === 'checkpoint' && event.epoch === 0 && event.step === 3,
      (event) => event.event === 'step' && event.epoch === 0 && event.step === event.steps,
      (event) => event.event === 'checkpoint' && event.epoch === 1 && event.step === 5,
      (event) => event.event === 'evaluated' && event.done === 4,
    ]
    for (const [i, stop] of stops.entries()) {
      const controller = new AbortController()
      const work = async () => {
        const place = i === 0 ? { out: run } : { resume: run }
        for await (const event of search(config(changes), { ...place, signal: controller.signal })) {
          if (event.event === 'start') continued.push(event.resumed)
          if (stop(event)) controller.abort()
        }
      }
      await expect(work()).rejects.toMatchObject({ name: 'AbortError' })
    }
    const measures = (changes.training?.varianceSteps ?? 0) > 0
    expect(continued[2]).toEqual(measures ? { epoch: 0, step: 7 } : { epoch: 1, step: 0 })
    await events(search(config(changes), { resume: run }))
    expect(logged('run')).toEqual(logged('unbroken'))
    for (const file of ['checkpoint/weights.safetensors', 'checkpoint/state.safetensors', 'ranking.csv']) {
      const bytes = (name: string) => readFileSync(join(folder, name, file))
      expect(bytes('run').equals(bytes('unbroken')), file).toBe(true)
    }
  })
})

describe('training', () => {
  it('lowers the loss of one path, and reports the gradient variance of what it sampled', async () => {
    const path = [3, 2, 3, 1, 0, 3]
    const all = await events(
      search(config({ method: { name: 'standalone', path }, training: { epochs: 6, batchSize: 20 } }), {
        out: join(folder, 'run'),
      }),
    )
    const epochs = all.filter((event): event is EpochEvent => event.event === 'epoch')
    expect(epochs.at(-1)!.loss).toBeLessThan(0.85 * epochs[0].loss)
    for (const { gradientVariance, gradientVarianceCandidates, neverSampled } of epochs) {
      expect(gradientVariance).toBeGreaterThan(0)
      expect(gradientVarianceCandidates).toBeGreaterThan(0)
      // Of six edges, five 1×1 and three 3×3 convolutions per cell go unused, at 4, 8 and 16 channels.
      const unused = [4, 8, 16].reduce((sum, c) => sum + 5 * (c * c + c) + 3 * (9 * c * c + c), 0)
      expect(neverSampled).toBe(unused)
    }
  })
})
