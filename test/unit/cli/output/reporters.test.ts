import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { BarReporter } from '../../../../src/cli/output/bars.js'
import { ExperimentReporter } from '../../../../src/cli/output/experiment.js'
import { JsonReporter } from '../../../../src/cli/output/json.js'
import { LineReporter } from '../../../../src/cli/output/lines.js'
import { ProgressMeter } from '../../../../src/cli/output/progress.js'
import type { CellEvent } from '../../../../src/experiment/events.js'
import type { SearchEvent, StepEvent } from '../../../../src/search/events.js'
import { epoch, result, search, terminal, written } from '../../../support/made-up-search.js'

const labels = { space: '', extent: '', method: '', noise: '', epochs: '' }
const begun = (cell: string, number: number): CellEvent => ({
  ...{ event: 'cell', cell, number, cells: 2, labels, seed: 0, run: cell, resumed: false },
})

describe('reporters', () => {
  test('plain lines carry no control characters', () => {
    const text = written((stream) => new LineReporter(stream))
    expect(stripVTControlCharacters(text)).toBe(text)
    expect(text).not.toContain('\r')
    expect(text).toContain('pada on nasbench201, fashion-mnist: 2 epochs of 10 steps, 12,345 weights')
    const images =
      '200 of 1,000 test images, stratified by class, in 2 batches; batch norms use the statistics of a batch'
    const finding = 'finding by localSearch, within parameters ≤ 30,000, flops in 5…400,000'
    expect(text).toContain(`ranking on ${images}\n${finding}\nnote: no test image is of class 3 (of 0 to 9)\n`)
    expect(text).toContain(
      'images: 2,000 to train · 320 to validate (valid) · 100 to test\nextra is not used\ntrain: 3 of 2000',
    )
    expect(text).toContain('epoch 1/2 · loss 1.500 · GV 2.80e-5 · 5,210 images/s')
    expect(text).toContain('2/2 sub-models')
  })

  test('plain lines have each epoch once, with its own gradient variance', () => {
    const step = (epoch: number, step: number): SearchEvent => ({
      ...{ event: 'step', epoch, step, steps: 10, images: 64 * step, seconds: epoch + step / 10, loss: 1.5 },
    })
    const stream = new PassThrough()
    const reporter = new LineReporter(stream)
    const epochs = [0, 1].flatMap((index): SearchEvent[] => [
      ...Array.from({ length: 10 }, (_, i) => step(index, i + 1)),
      { ...epoch(index), gradientVariance: index === 0 ? 2.8e-5 : 1.7e-6 },
    ])
    for (const event of [search[0], ...epochs]) reporter.event(event)
    const lines = stream.read().toString().trimEnd().split('\n')
    expect(lines.filter((line: string) => line.startsWith('epoch'))).toEqual([
      expect.stringContaining('epoch 1/2 · loss 1.500 · GV 2.80e-5 · 5,210 images/s'),
      expect.stringContaining('epoch 2/2 · loss 1.500 · GV 1.70e-6 · 5,210 images/s'),
    ])
  })

  test('plain lines say what training waits for, if that takes long', () => {
    vi.useFakeTimers()
    const stream = new PassThrough()
    const reporter = new LineReporter(stream)
    const lines = () => (stream.read() ?? '').toString().trimEnd().split('\n')
    reporter.event(search[0])
    lines()
    const measuring: SearchEvent = { event: 'measuring', epoch: 1, what: 'gradientVariance' }
    reporter.event(measuring)
    vi.advanceTimersByTime(9_000)
    reporter.event(epoch(1))
    vi.advanceTimersByTime(60_000)
    expect(lines()).toEqual([expect.stringContaining('epoch 2/2 · loss 1.500')])
    reporter.event(measuring)
    vi.advanceTimersByTime(60_000)
    expect(lines()).toEqual(['epoch 2/2 · measuring the gradient variance'])
    reporter.event({ ...measuring, what: 'accuracy' })
    reporter[Symbol.dispose]()
    vi.advanceTimersByTime(60_000)
    expect(lines()).toEqual([''])
    vi.useRealTimers()
  })

  test('sub-models that a resumed ranking remembers say nothing of its speed', () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => 1000 * now)
    const meter = new ProgressMeter()
    const evaluated = (done: number, known?: true) =>
      meter.update({ event: 'evaluated', done, total: 1000, path: [], accuracy: 0.5, ...(known && { known }) })
    for (let done = 1; done <= 500; done++, now += 0.001) evaluated(done, true)
    now += 2
    expect(evaluated(501)).toMatchObject({ speed: '0.5 sub-models/s', left: expect.stringMatching(/^16 min/) })
    vi.restoreAllMocks()
  })

  test('the time left does not grow by a measurement', () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => 1000 * now)
    const meter = new ProgressMeter()
    meter.start({ epochs: 2, stepsPerEpoch: 10 })
    const step = (index: number): StepEvent => ({
      ...{ event: 'step', epoch: Math.floor((index - 1) / 10), step: ((index - 1) % 10) + 1, steps: 10 },
      ...{ images: 64 * index, seconds: index, loss: 1.5 },
    })
    for (now = 1; now <= 10; now++) meter.update(step(now))
    meter.update({ event: 'measuring', epoch: 0, what: 'gradientVariance' })
    now = 600
    meter.update(epoch(0))
    now = 601
    expect(meter.update(step(11))).toMatchObject({ speed: '64 images/s', left: '9 s left' })
    vi.restoreAllMocks()
  })

  test('an experiment says once what is odd in the data that its searches share', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const reporter = new ExperimentReporter({ json: false })
    for (const [index, cell] of ['a', 'b'].entries()) reporter.event(begun(cell, index + 1))
    for (const cell of ['a', 'b']) reporter.event({ event: 'search', cell, search: search[0] })
    const lines = write.mock.calls.map(([line]) => line)
    write.mockRestore()
    expect(lines).toEqual([
      'search 1 of 2 · a\n',
      'search 2 of 2 · b\n',
      'note: no test image is of class 3 (of 0 to 9)\n',
    ])
  })

  test('of searches that run at a time, each line names its own', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const reporter = new ExperimentReporter({ json: false })
    for (const [index, cell] of ['a', 'b'].entries()) reporter.event(begun(cell, index + 1))
    for (const cell of ['b', 'a']) {
      const number = cell === 'a' ? 1 : 2
      reporter.event({ ...begun(cell, number), event: 'cellDone', result })
    }
    const lines = write.mock.calls.map(([line]) => line)
    write.mockRestore()
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^search 2 of 2 · b · GV, last epoch .* · KT /),
      expect.stringMatching(/^search 1 of 2 · a · GV, last epoch .* · KT /),
    ])
  })

  test('json lines leave progress out, end with the result, and keep people apart', () => {
    const human = new PassThrough()
    const lines = written((stream) => new JsonReporter(stream, new LineReporter(human)))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => line.event)).toEqual(['start', 'epoch', 'checkpoint', 'epoch', 'result'])
    expect(lines.at(-1)).toEqual(JSON.parse(JSON.stringify(result)))
    expect(human.read().toString()).toContain('Kendall tau')
  })

  test('bars say what training waits for', () => {
    const stream = Object.assign(new PassThrough(), terminal()) as unknown as NodeJS.WriteStream & PassThrough
    const reporter = new BarReporter(stream)
    reporter.event(search[0])
    reporter.event({ event: 'measuring', epoch: 0, what: 'accuracy' })
    reporter[Symbol.dispose]()
    expect(stripVTControlCharacters(stream.read().toString())).toContain('50 % · epoch 1/2 · evaluating on test images')
  })

  test('bars show the cursor again', () => {
    const text = written(
      (stream) => new BarReporter(Object.assign(stream, terminal()) as unknown as NodeJS.WriteStream),
    )
    expect(text).toContain('training')
    expect(text).toContain('ranking')
    expect(text).toContain('GV 2.80e-5')
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'))
  })
})
