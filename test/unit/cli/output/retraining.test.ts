import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { JsonReporter } from '../../../../src/cli/output/json.js'
import { LineReporter } from '../../../../src/cli/output/lines.js'
import type { RetrainEvent } from '../../../../src/retraining/events.js'
import { MACHINE } from '../../../support/made-up-run.js'

describe('a retraining', () => {
  const arch = '02012100'
  const events: RetrainEvent[] = [
    {
      event: 'start',
      run: 'runs/b',
      space: 'nasbench-macro',
      arch,
      dataset: 'cifar10',
      images: { train: { split: 'train', images: 100 }, test: { split: 'test', images: 50 }, notes: [] },
      warnings: ['no test image is of class 3 (of 0 to 9)'],
      input: { channels: 3, height: 32, width: 32 },
      classes: 10,
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      parameters: 890_666,
      stepsPerEpoch: 10,
      machine: MACHINE,
      epochs: 2,
      origin: 'found 1 in runs/a',
      initial: 'runs/a',
    },
    { event: 'step', epoch: 0, step: 10, steps: 10, images: 100, seconds: 1, loss: 1.5 },
    {
      event: 'epoch',
      epoch: 0,
      loss: 1.5,
      trainTop1: 0.4,
      trainTop5: 0.8,
      testLoss: 1.4,
      top1: 0.5,
      top5: 0.9,
      top1Averaged: 0.45,
      top5Averaged: 0.85,
      learningRate: 0.1,
      seconds: 3,
      imagesPerSecond: 5210,
    },
    {
      event: 'result',
      space: 'nasbench-macro',
      arch,
      dataset: 'cifar10',
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      parameters: 890_666,
      epochs: 2,
      seconds: 7,
      top1: 0.5,
      top5: 0.9,
      top1Averaged: 0.45,
      top5Averaged: 0.85,
      loss: 1.5,
      testLoss: 1.4,
      best: { epoch: 0, top1: 0.51, top5: 0.92, weights: 'averaged' },
      run: 'runs/b',
    },
  ]

  test('in lines: what begins, the test accuracy of each epoch, and the best one', () => {
    const stream = new PassThrough()
    const reporter = new LineReporter(stream)
    for (const event of events) reporter.event(event)
    const text = stream.read().toString()
    expect(text).toContain('one network of nasbench-macro, cifar10: 2 epochs of 10 steps, 890,666 weights\n02012100\n')
    expect(text).toContain('architecture found 1 in runs/a\nimages: 100 to train · 50 to test\nbegins with')
    expect(text).toContain('note: no test image is of class 3 (of 0 to 9)\n')
    expect(text).toContain('begins with the weights of runs/a\n')
    expect(text).toContain('epoch 1/2 · loss 1.500 · test 50.00 %, averaged 45.00 % · 5,210 images/s')
    expect(text).toMatch(/^Test accuracy +50\.00 % top-1, 90\.00 % top-5$/m)
    expect(text).toMatch(/^Averaged +45\.00 % top-1, 85\.00 % top-5$/m)
    expect(text).toMatch(/^Best epoch +1: 51\.00 % top-1, 92\.00 % top-5, averaged$/m)
    expect(text).toMatch(/^Run folder +runs\/b$/m)
  })

  test('as JSON: every event but progress, unchanged', () => {
    const stream = new PassThrough()
    const reporter = new JsonReporter(stream, new LineReporter(new PassThrough()))
    for (const event of events) reporter.event(event)
    const lines = stream.read().toString().trimEnd().split('\n')
    expect(lines.map((line: string) => JSON.parse(line))).toEqual(events.filter(({ event }) => event !== 'step'))
  })
})
