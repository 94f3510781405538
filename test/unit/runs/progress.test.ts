import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ProgressRecorder } from '../../../src/runs/progress.js'
import type { StepEvent } from '../../../src/training/events.js'
import { temporaryFolder } from '../../support/folders.js'

const step = (epoch: number, step: number): StepEvent => ({
  event: 'step',
  epoch,
  step,
  steps: 100,
  images: 64 * step,
  seconds: 1,
  loss: 2,
})
const samples = (folder: string): StepEvent[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const positions = (folder: string) => samples(folder).map(({ epoch, step }) => 100 * epoch + step)

test('the latest progress is in the file, with the pace', async () => {
  const folder = temporaryFolder()
  let now = 0
  {
    await using recorder = await ProgressRecorder.open(folder, { epochs: 4, stepsPerEpoch: 100, now: () => now })
    for (let i = 1; i <= 10; i++) {
      now = i
      recorder.observe(step(1, 5 * i))
    }
    // Other events are none of its business.
    recorder.observe({ event: 'epoch' })
  }
  const progress = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8'))
  expect(progress).toMatchObject({ phase: 'training', done: 150, total: 400, event: step(1, 50) })
  expect(progress.perSecond).toBeCloseTo(5)
  expect(Date.parse(progress.time)).toBeGreaterThan(0)
})

test('a measurement is written at once, because nothing may come for minutes, and has no pace', async () => {
  const folder = temporaryFolder()
  const measuring = { event: 'measuring', epoch: 1, what: 'accuracy' } as const
  let now = 0
  await using recorder = await ProgressRecorder.open(folder, { epochs: 4, stepsPerEpoch: 100, now: () => now })
  for (const done of [50, 100]) {
    now += 10
    // The file is still being written when training begins to wait.
    recorder.observe(step(1, done))
  }
  recorder.observe(measuring)
  const read = () => {
    const text = existsSync(join(folder, 'progress.json')) && readFileSync(join(folder, 'progress.json'), 'utf8')
    return text ? JSON.parse(text) : undefined
  }
  const written = { phase: 'training', done: 200, total: 400, perSecond: null, event: measuring }
  await expect.poll(read, { timeout: 60_000 }).toMatchObject(written)
  // Less than a second has passed.
  const next = { ...measuring, epoch: 2 }
  recorder.observe(next)
  await expect.poll(read, { timeout: 60_000 }).toMatchObject({ ...written, done: 300, event: next })
})

test('phases have paces of their own, and a generator passes through unchanged', async () => {
  const folder = temporaryFolder()
  let now = 0
  async function* ranking() {
    for (let done = 1; done <= 3; done++) {
      now++
      yield { event: 'evaluated', done, total: 3, path: [0], accuracy: 0.5 } as const
    }
    return 'the result'
  }
  {
    await using recorder = await ProgressRecorder.open(folder, { epochs: 1, stepsPerEpoch: 100, now: () => now })
    recorder.observe(step(0, 100))
    const events = recorder.through(ranking())
    const seen: number[] = []
    for (;;) {
      const next = await events.next()
      if (next.done) {
        expect(next.value).toBe('the result')
        break
      }
      seen.push(next.value.done)
    }
    expect(seen).toEqual([1, 2, 3])
  }
  const progress = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8'))
  expect(progress).toMatchObject({ phase: 'ranking', done: 3, total: 3, perSecond: 1 })
})

test('a generator that is left is ended', async () => {
  let ended = false
  async function* endless() {
    try {
      for (let done = 1; ; done++) yield { event: 'evaluated', done } as const
    } finally {
      ended = true
    }
  }
  await using recorder = await ProgressRecorder.open(temporaryFolder(), { epochs: 1, stepsPerEpoch: 1 })
  for await (const _ of recorder.through(endless())) break
  expect(ended).toBe(true)
})

test('steps are sampled evenly, at most 2000 of a run', async () => {
  const folder = temporaryFolder()
  {
    await using recorder = await ProgressRecorder.open(folder, { epochs: 60, stepsPerEpoch: 100 })
    for (let epoch = 0; epoch < 60; epoch++) for (let i = 1; i <= 100; i++) recorder.observe(step(epoch, i))
  }
  // 6000 steps: every third.
  expect(positions(folder)).toEqual(Array.from({ length: 2000 }, (_, i) => 3 * (i + 1)))
})

test('a resumed run keeps the samples before its checkpoint only', async () => {
  const folder = temporaryFolder()
  {
    await using recorder = await ProgressRecorder.open(folder, { epochs: 2, stepsPerEpoch: 100 })
    for (let i = 1; i <= 30; i++) recorder.observe(step(1, i))
  }
  const file = join(folder, 'steps.jsonl')
  writeFileSync(file, `${readFileSync(file, 'utf8')}\0\0damaged\n{"event":"st`)
  {
    const from = { epoch: 1, step: 20 }
    await using recorder = await ProgressRecorder.open(folder, { epochs: 2, stepsPerEpoch: 100, from })
    expect(positions(folder)).toEqual(Array.from({ length: 20 }, (_, i) => 101 + i))
    recorder.observe(step(1, 21))
  }
  expect(positions(folder).at(-1)).toBe(121)
})

test('nothing is written without the lock, nor into a folder that was removed', async () => {
  const folder = temporaryFolder()
  {
    const lost = AbortSignal.abort()
    await using recorder = await ProgressRecorder.open(folder, { epochs: 1, stepsPerEpoch: 100, lost })
    recorder.observe(step(0, 1))
  }
  expect(existsSync(join(folder, 'progress.json'))).toBe(false)
  await using recorder = await ProgressRecorder.open(folder, { epochs: 1, stepsPerEpoch: 100 })
  rmSync(folder, { recursive: true })
  recorder.observe(step(0, 1))
})
