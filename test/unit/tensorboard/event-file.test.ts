import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeTensorboard } from '../../../src/report/tensorboard.js'
import { RunFolder } from '../../../src/runs/run-folder.js'
import { encodeEventFile } from '../../../src/tensorboard/event-file.js'
import { histogramOf, histogramOfShares } from '../../../src/tensorboard/histogram.js'
import { RunningLog } from '../../../src/tensorboard/running-log.js'
import { temporaryFolder } from '../../support/folders.js'
import { makeSearchRun } from '../../support/made-up-run.js'
import { records, stepsByTag } from '../../support/tensorboard.js'

/** As TensorBoard 2.21 serializes them: scripts/check/read_tensorboard.py --bytes. */
const MESSAGES = [
  'CQAAAAAAAPg/Gg1icmFpbi5FdmVudDoy',
  'CQAAAAAAAPg/OgIIAQ==',
  'CQAAAAAAAPg/EAEq7AEKEQoKdHJhaW4vbG9zcxUAAIA+ChkKCnBpY3R1cmVzL2EiCwgCEAMYAyIDcG5nCmcKEnBhdGhzL2Rpc3RyaWJ1dGlvbipRCQAAAAAAAOC/EQAAAAAAAPg/GQAAAAAAAPA/IQAAAAAAAOg/KQAAAAAAAOg/MhAAAAAAAADgPwAAAAAAAPg/OhAAAAAAAADQPwAAAAAAAOg/ClMKHF9ocGFyYW1zXy9zZXNzaW9uX3N0YXJ0X2luZm9CBggBEgISAEorCikKB2hwYXJhbXMSHhocChEKBHNlZWQSCREAAAAAAAAIQCkAAAAAAAD4Pw==',
]

test('events are the bytes that TensorBoard writes, as records with checksums', () => {
  const file = encodeEventFile([
    {
      time: 1.5,
      step: 1,
      scalars: new Map([['train/loss', 0.25]]),
      pictures: new Map([['pictures/a', { png: Buffer.from('png'), width: 3, height: 2 }]]),
      histograms: new Map([['paths/distribution', histogramOfShares([0.25, 0.75])]]),
      hyperparameters: new Map([['seed', 3]]),
    },
  ])
  expect(records(file).map((record) => record.toString('base64'))).toEqual(MESSAGES)
})

test('a histogram counts every value once, in buckets from the least to the largest', () => {
  const values = Array.from({ length: 61 }, (_, i) => i / 20)
  const { min, max, count, sum, sumOfSquares, limits, counts } = histogramOf(values)
  expect([min, max, count]).toEqual([0, 3, 61])
  expect(sum).toBeCloseTo(91.5, 10)
  // Σ i² for i ≤ 60 is 73810.
  expect(sumOfSquares).toBeCloseTo(73810 / 400, 10)
  expect(limits).toHaveLength(30)
  expect(limits.at(-1)).toBe(3)
  expect(counts.reduce((a, b) => a + b)).toBe(61)
  expect(histogramOf([0, 1, 1, 10]).counts.flatMap((count, i) => (count > 0 ? [[i, count]] : []))).toEqual([
    [0, 1],
    [3, 2],
    [29, 1],
  ])
  expect(histogramOf(Float64Array.of(2, 2))).toMatchObject({ min: 1.5, max: 2.5, limits: [2.5], counts: [2] })
})

test('a run becomes one file, which a second writing replaces', async () => {
  const run = join(temporaryFolder(), 'run')
  makeSearchRun(run)
  appendFileSync(join(run, 'events.jsonl'), '{"event":"result","kendallTau":0.5,"spearman":null}\n')
  const out = join(run, 'tensorboard')
  const first = await writeTensorboard(run, out)
  await writeTensorboard(run, out)
  const file = await writeTensorboard(run, out)
  expect(file > first).toBe(true)
  expect(existsSync(first)).toBe(false)
  const text = records(readFileSync(file)).map((record) => record.toString('latin1'))
  expect(text[2]).toMatch(/seed.*space\.name.*nasbench201/s)
  const steps = stepsByTag(out)
  const epochs = steps.get('train/loss')!
  expect(epochs).toEqual(epochs.map((_, i) => i + 1))
  expect(steps.get('paths/distribution')).toEqual(epochs)
  expect(steps.get('paths/operation_4')).toEqual(epochs)
  expect(steps.get('ranking/kendall_tau')).toEqual([epochs.length])
  expect(steps.get('ranking/spearman')).toBeUndefined()
  expect(steps.get('pictures/training')).toEqual([epochs.length])
  expect(steps.get('pictures/architecture-1')).toEqual([epochs.length])
  await expect(writeTensorboard(out, out)).rejects.toThrow('Expected a run folder with a config.yaml but received')
})

test('one distribution per choice: the mean, and a histogram over choices', async () => {
  const run = join(temporaryFolder(), 'run')
  mkdirSync(run)
  writeFileSync(join(run, 'config.yaml'), 'seed: 3\n')
  const pathDistribution = [
    [0.5, 0.5],
    [0.25, 0.75],
  ]
  const epoch = { event: 'epoch', epoch: 0, gradientVarianceByOperation: { a: 1, b: null }, pathDistribution }
  writeFileSync(join(run, 'events.jsonl'), `${JSON.stringify(epoch)}\n`)
  await using folder = await RunFolder.open(run)
  await RunningLog.open(folder)
  const tags = [...stepsByTag(join(run, 'tensorboard')).keys()]
  expect(tags.toSorted()).toEqual([
    '_hparams_/session_start_info',
    'gradient_variance/a',
    'paths/distribution',
    'paths/operation_0',
    'paths/operation_0_over_choices',
    'paths/operation_1',
    'paths/operation_1_over_choices',
  ])
})

test('a run that resumes begins a new file without what its log has lost', async () => {
  const run = join(temporaryFolder(), 'run')
  mkdirSync(run)
  writeFileSync(join(run, 'config.yaml'), 'seed: 3\n')
  const epoch = (index: number) => ({ event: 'epoch', epoch: index, loss: 1, seconds: 2 }) as const
  const log = (...epochs: number[]) =>
    writeFileSync(join(run, 'events.jsonl'), epochs.map((index) => `${JSON.stringify(epoch(index))}\n`).join(''))
  log(0)
  const out = join(run, 'tensorboard')
  await using folder = await RunFolder.open(run)
  const live = await RunningLog.open(folder)
  const [before] = readdirSync(out)
  await live.epoch(epoch(1))
  await live.epoch(epoch(2))
  expect(stepsByTag(out).get('train/loss')).toEqual([1, 2, 3])
  // The checkpoint was of epoch 1.
  log(0, 1)
  const resumed = await RunningLog.open(folder)
  expect(stepsByTag(out).get('train/loss')).toEqual([1, 2])
  await resumed.epoch(epoch(2))
  await resumed.result({ event: 'result', kendallTau: 0.5 } as { event: 'result' }, 3)
  expect(stepsByTag(out).get('train/loss')).toEqual([1, 2, 3])
  expect(stepsByTag(out).get('ranking/kendall_tau')).toEqual([3])
  // TensorBoard reads the files of a folder in the order of their names, and stops at one that is gone.
  expect(readdirSync(out).toSorted()).toEqual([before, expect.anything()])
})

test('a file that is removed while the run goes on is made anew', async () => {
  const run = join(temporaryFolder(), 'run')
  mkdirSync(run)
  writeFileSync(join(run, 'config.yaml'), 'seed: 3\n')
  const epoch = (index: number) => ({ event: 'epoch', epoch: index, loss: 1, seconds: 2 }) as const
  const log = (index: number) => appendFileSync(join(run, 'events.jsonl'), `${JSON.stringify(epoch(index))}\n`)
  const out = join(run, 'tensorboard')
  await using folder = await RunFolder.open(run)
  const live = await RunningLog.open(folder)
  log(0)
  await live.epoch(epoch(0))
  for (const [index, gone] of [() => out, () => join(out, readdirSync(out)[0])].entries()) {
    rmSync(gone(), { recursive: true })
    log(index + 1)
    await live.epoch(epoch(index + 1))
  }
  expect(stepsByTag(out).get('train/loss')).toEqual([1, 2, 3])
})
