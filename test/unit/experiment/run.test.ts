import '../../support/fake-addon.js'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import lockfile from 'proper-lockfile'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import type { ExperimentEvent } from '../../../src/experiment/events.js'
import { planExperiment } from '../../../src/experiment/load.js'
import type { Experiment } from '../../../src/experiment/plan.js'
import type { ExperimentResults } from '../../../src/experiment/results.js'
import { type ExperimentOptions, experiment } from '../../../src/experiment/run.js'
import type { ExperimentInput } from '../../../src/experiment/settings.js'
import { lockRun } from '../../../src/runs/run-lock.js'
import { search } from '../../../src/search/search.js'
import { journal } from '../../support/fake-journal.js'
import { temporaryFolder } from '../../support/folders.js'
import { refusal } from '../../support/refusal.js'
import { collect, tinySplits } from '../../support/tiny.js'

/** Between two looks at searches that others hold, nobody waits in earnest. */
vi.mock('node:timers/promises', async (original) => {
  const timers = await original<typeof import('node:timers/promises')>()
  const brief: typeof timers.setTimeout = (_delay, value, options) => timers.setTimeout(1, value, options)
  return { ...timers, setTimeout: brief }
})

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
  writeFileSync(join(folder, 'base.yaml'), '{}')
})

const PADA = { name: 'pada', pathSchedule: { kind: 'constant', value: 0.5 } } as const

const settings: ConfigInput = {
  space: { name: 'nasbench201', channels: 2, cellsPerStage: 1 },
  training: { epochs: 2, batchSize: 8 },
  ranking: { subModels: 6, batchSize: 10 },
}

/** Two methods, two seeds: four cells of 14 steps. */
function planned(changes: ConfigInput = {}, more: Partial<ExperimentInput> = {}): Promise<Experiment> {
  const training = { ...settings.training, ...changes.training }
  return planExperiment({
    name: 'tiny',
    config: join(folder, 'base.yaml'),
    set: { ...settings, ...changes, training },
    seeds: [0, 1],
    studies: { methods: { figure: 'method', methods: ['spos', { label: 'PA&DA', id: 'pada', method: PADA }] } },
    ...more,
  })
}

const out = (name = 'out') => join(folder, name)
const read = (...names: string[]) => readFileSync(join(folder, ...names), 'utf8')
const results = (name = 'out'): ExperimentResults => JSON.parse(read(name, 'results.json'))

async function run(plan: Experiment, options: ExperimentOptions = {}): Promise<ExperimentEvent[]> {
  const events: ExperimentEvent[] = []
  for await (const event of experiment(plan, { out: out(), data: tinySplits, ...options })) events.push(event)
  return events
}

const searched = (events: ExperimentEvent[]) =>
  events.flatMap((event) => (event.event === 'cell' ? [`${event.cell}${event.resumed ? ' goes on' : ''}`] : []))

/** What does not depend on the clock. */
function timeless({ cells }: ExperimentResults): object[] {
  return cells.map(({ measures: { trainingSeconds, totalSeconds, ...measures }, ...cell }) => ({ ...cell, measures }))
}

async function interrupt(plan: Experiment, when: (event: ExperimentEvent) => boolean): Promise<void> {
  const controller = new AbortController()
  const work = async () => {
    for await (const event of experiment(plan, { out: out(), data: tinySplits, signal: controller.signal })) {
      if (when(event)) controller.abort()
    }
  }
  await expect(work()).rejects.toMatchObject({ name: 'AbortError' })
}

const complaint = async (promise: Promise<unknown>) => (await refusal(promise)).message

describe('the folder', () => {
  it('is not one of a search', async () => {
    mkdirSync(out())
    writeFileSync(join(out(), 'config.yaml'), '')
    await expect(run(await planned())).rejects.toThrow(/^Expected a folder for an experiment for --out but .*, a run$/)
    expect(readdirSync(out())).toEqual(['config.yaml'])
  })

  it('has no file in the place of a search: it is found before the first one', async () => {
    const taken = join(out(), 'cells', 'pada-seed1')
    mkdirSync(join(out(), 'cells'), { recursive: true })
    writeFileSync(taken, '')
    await expect(run(await planned())).rejects.toThrow(
      `Expected a folder, or none yet, for ${taken} but received a file`,
    )
    expect(readdirSync(join(out(), 'cells'))).toEqual(['pada-seed1'])
    expect(existsSync(join(out(), 'results.csv'))).toBe(false)
  })

  it('is there, if only a report is wanted', async () => {
    await expect(run(await planned(), { reportOnly: true })).rejects.toThrow(
      /^Expected the folder of an experiment .*, which does not exist$/,
    )
    expect(existsSync(out())).toBe(false)
  })
})

describe('an experiment', () => {
  it('searches every cell in a run folder of its own and writes down what came of it', async () => {
    const events = await run(await planned())
    expect(searched(events)).toEqual(['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1'])
    expect(events[0]).toMatchObject({ event: 'experiment', cells: 4, complete: 0 })
    expect(events.at(-1)).toMatchObject({ event: 'report', cells: 4, complete: 4 })
    expect(readdirSync(out())).toEqual(expect.arrayContaining(['cells', 'results.csv', 'summary.csv', 'methods.svg']))
    const rows = parse(read('out', 'results.csv'), { columns: true }) as Record<string, string>[]
    expect(rows.map(({ cell }) => cell)).toEqual(['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1'])
    for (const { cell, gradientVariance, gradientVarianceLast, kendallTau } of rows) {
      const summary = JSON.parse(read('out', 'cells', cell, 'summary.json'))
      const [first, last] = summary.gradientVariance
      expect(Number(gradientVariance)).toBeCloseTo((first + last) / 2, 12)
      expect(Number(gradientVarianceLast)).toBe(last)
      // There is no ground truth here.
      expect(kendallTau).toBe('')
    }
    const [a, b] = [rows[1], rows[3]].map((row) => Number(row.gradientVarianceCandidates))
    const conditions = parse(read('out', 'summary.csv'), { columns: true }) as Record<string, string>[]
    expect(conditions[1]).toMatchObject({ study: 'methods', method: 'PA&DA', n: '2' })
    expect(Number(conditions[1].gradientVarianceCandidates)).toBeCloseTo((a + b) / 2, 12)
    expect(Number(conditions[1].gradientVarianceCandidatesDeviation)).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12)
    const { cells } = results()
    expect(cells[1].pathDistributions).toHaveLength(2)
    expect(cells[1].pathDistributions[1]).not.toEqual(cells[1].pathDistributions[0])
  })

  it('does nothing again that is complete', async () => {
    await run(await planned())
    const before = read('out', 'results.csv')
    journal.steps = []
    const events = await run(await planned())
    expect(searched(events)).toEqual([])
    expect(journal.steps).toHaveLength(0)
    expect(read('out', 'results.csv')).toBe(before)
  })

  it('goes on where it was interrupted, to the same numbers', async () => {
    await run(await planned(), { out: out('unbroken') })
    const middle = (event: ExperimentEvent) =>
      event.event === 'search' &&
      event.cell === 'pada-seed0' &&
      event.search.event === 'checkpoint' &&
      event.search.step === 3
    await interrupt(await planned({ training: { checkpointSeconds: 0 } }), middle)
    expect(results().cells.map(({ cell }) => cell)).toEqual(['spos-seed0'])
    expect(results().conditions.map(({ n }) => n)).toEqual([1, 0])
    const events = await run(await planned())
    expect(searched(events)).toEqual(['pada-seed0 goes on', 'spos-seed1', 'pada-seed1'])
    expect(timeless(results())).toEqual(timeless(results('unbroken')))
  })

  it('ranks again, without training, where only the ranking is another', async () => {
    await run(await planned())
    journal.steps = []
    const others = await planned({ ranking: { subModels: 9, batchSize: 10 } })
    const names = others.cells.map(({ id }) => id)
    const report = (await run(others, { reportOnly: true })).at(-1)
    expect(report).toMatchObject({ complete: 0, outdated: { settings: names, ranking: [], training: [], unknown: [] } })
    const events = await run(others)
    expect(searched(events)).toHaveLength(4)
    expect(journal.steps).toHaveLength(0)
    expect(JSON.parse(read('out', 'cells', 'pada-seed1', 'summary.json')).ranked).toBe(9)
    // It says what it puts in the place of the ranking before.
    const told = events.flatMap((event) => (event.event === 'cell' ? [event.changed] : []))
    expect(told).toEqual(Array(4).fill(['ranking.subModels: 9, before 6']))
  })

  const relabelled = { ...tinySplits, test: { ...tinySplits.test, labels: new Int32Array(20) } }

  it('ranks again, without training, where the test images are others, and says so', async () => {
    await run(await planned())
    const imagesOf = () => results().cells.map(({ computedFrom }) => computedFrom!.images.test)
    const [before] = imagesOf()
    journal.steps = []
    const events = await run(await planned(), { data: relabelled })
    expect(searched(events)).toHaveLength(4)
    const told = events.flatMap((event) => (event.event === 'cell' ? [event.changed] : []))
    expect(told).toEqual(Array(4).fill(['other test images']))
    expect(journal.steps).toHaveLength(0)
    const said = events.flatMap((event) => (event.event === 'search' ? [event.search] : []))
    expect(said.filter(({ event }) => event === 'discarded')).toHaveLength(4)
    expect(new Set(imagesOf()).size).toBe(1)
    expect(imagesOf()[0]).not.toBe(before)
    expect(searched(await run(await planned(), { data: relabelled }))).toEqual([])
  })

  it('leaves out searches that trained on other images, and says why', async () => {
    await run(await planned())
    const train = { ...tinySplits.train, images: new Uint8Array(50 * 64) }
    const data = { ...tinySplits, train }
    const report = (await run(await planned(), { data, reportOnly: true })).at(-1)
    const training = ['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1']
    expect(report).toMatchObject({ outdated: { ranking: [], training, unknown: [] } })
    const message = await complaint(run(await planned(), { data }))
    expect(message).toMatch(/received 4 that failed: spos-seed0: Expected the training images that /)
    // What was computed from the images of before stays, because there is nothing to put in its place.
    expect(results().cells).toHaveLength(4)
  })

  it('compares again with a table of other numbers, also if it has the same name', async () => {
    const compared = async (name: string, accuracy: number) => {
      const file = join(folder, name, 'table.csv')
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(file, `arch,accuracy\n"3,3,3,3,3,3",${accuracy}\n`)
      return planned({ groundTruth: { file }, ranking: { subModels: 'groundTruth', batchSize: 10 } })
    }
    await run(await compared('a', 90))
    expect(results().cells[0].measures.bestFound).toBe(90)
    expect(searched(await run(await compared('moved', 90)))).toEqual([])
    const edited = await compared('edited', 80)
    const names = ['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1']
    expect((await run(edited, { reportOnly: true })).at(-1)).toMatchObject({
      complete: 4,
      outdated: { ranking: names, training: [], unknown: [] },
    })
    expect(searched(await run(edited))).toHaveLength(4)
    const none = { ranking: [], training: [], unknown: [] }
    expect((await run(edited, { reportOnly: true })).at(-1)).toMatchObject({ outdated: none })
    rmSync(join(folder, 'edited', 'table.csv'))
    expect((await run(edited, { reportOnly: true })).at(-1)).toMatchObject({ outdated: { ...none, unknown: names } })
    expect(results().cells.map(({ measures }) => measures.bestFound)).toEqual([80, 80, 80, 80])
  })

  it('keeps a search in whose run the best sub-models were found afterwards', async () => {
    const plan = await planned()
    await run(plan)
    const finding = { algorithm: 'random', evaluations: 5 } as const
    const config = parseConfig({ ...plan.cells[0].config, finding })
    const resume = join(out(), 'cells', plan.cells[0].id)
    await collect(search(config, { resume, phases: ['find'], data: tinySplits }))
    expect((await run(plan, { reportOnly: true })).at(-1)).toMatchObject({ event: 'report', complete: 4 })
  })

  it('reports no searches of the same settings that were computed from other images', async () => {
    const plan = await planned()
    await run(plan)
    const resume = join(out(), 'cells', 'pada-seed1')
    await collect(search(plan.cells[3].config, { data: relabelled, resume, phases: ['rank'] }))
    expect(await complaint(run(plan, { reportOnly: true }))).toBe(
      'Expected the same images for searches with the same settings but received others in pada-seed1 than in ' +
        'spos-seed0; the experiment without --report ranks them again',
    )
    expect(searched(await run(plan))).toEqual(['pada-seed1 goes on'])
  })

  it('reports searches on other data that one table is compared with, and says which numbers cannot be', async () => {
    const file = join(folder, 'table.csv')
    const write = (accuracy: number) => writeFileSync(file, `arch,accuracy\n"3,3,3,3,3,3",${accuracy}\n`)
    write(90)
    const other = { label: 'other', id: 'other', method: { name: 'spos' }, data: { testCount: 10 } }
    const studies = { methods: { figure: 'method' as const, methods: ['spos', other] } }
    const ranking = { subModels: 'groundTruth', batchSize: 10 } as const
    const plan = await planned({ groundTruth: { file }, ranking }, { studies })
    await run(plan)
    write(80)
    for (const cell of plan.cells.filter(({ labels }) => labels.method === 'other')) {
      const resume = join(out(), 'cells', cell.id)
      await collect(search(cell.config, { resume, phases: ['rank'], data: tinySplits }))
    }
    const incomparable = { images: [], tables: ['methods'], subModels: [] }
    expect((await run(plan, { reportOnly: true })).at(-1)).toMatchObject({ complete: 4, incomparable })
  })

  it('keeps no figure of earlier results', async () => {
    const batchSize = (batchSize: number) => {
      const value = { label: 'two', id: 'two', method: { name: 'spos' }, ranking: { batchSize } }
      const study = { figure: 'method' as const, methods: [value] }
      return planned({}, { studies: { one: { figure: 'method', methods: ['spos'] }, two: study } })
    }
    await run(await batchSize(5))
    const figures = () => readdirSync(out()).filter((name) => name.endsWith('.svg'))
    expect(figures()).toEqual(['one.svg', 'two.svg'])
    await run(await batchSize(4), { reportOnly: true })
    expect(figures()).toEqual(['one.svg'])
  })

  it('never takes a run that began with imported weights for one of its own', async () => {
    const plan = await planned()
    await run(plan)
    writeFileSync(join(out(), 'cells', 'pada-seed1', 'import.json'), '{}')
    expect(await complaint(run(plan))).toMatch(
      /Expected a search that began with weights of its own for .*pada-seed1 but received one that began with imported/,
    )
  })

  it('never takes a run for one of other settings, and names all of them', async () => {
    await run(await planned())
    const before = read('out', 'cells', 'pada-seed1', 'config.yaml')
    const message = await complaint(run(await planned({ training: { learningRate: 0.01 } })))
    for (const cell of ['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1']) {
      expect(message).toContain(`${join(out(), 'cells', cell)} was started with`)
    }
    expect(message).toContain('training.learningRate: 0.05, not 0.01')
    expect(read('out', 'cells', 'pada-seed1', 'config.yaml')).toBe(before)
  })

  it('refuses what does not fit before the first search', async () => {
    const message = await complaint(run(await planned({ ranking: { subModels: 6, imageCount: 21 } })))
    expect(message).toMatch(/^Expected at most 20 test images for ranking.imageCount but received 21$/)
    expect(existsSync(out())).toBe(false)
  })

  it('refuses before the first search what only a later one cannot do', async () => {
    const training = { epochs: 1, warmup: { steps: 10 } }
    const length = { figure: 'epochs' as const, methods: ['spos'], epochs: [2, 1] }
    const message = await complaint(run(await planned({ training }, { studies: { length } })))
    expect(message).toBe(
      'Expected at most the 7 steps of training for training.warmup.steps but received 10 in spos-seed0 and 1 more',
    )
    expect(existsSync(out())).toBe(false)
  })

  it('takes in a run folder that `search` made, whatever its name and threads', async () => {
    const plan = await planned()
    const { config } = plan.cells[1]
    await collect(search({ ...config, name: 'mine', threads: 1 }, { data: tinySplits, out: join(folder, 'mine') }))
    mkdirSync(join(out(), 'cells'), { recursive: true })
    cpSync(join(folder, 'mine'), join(out(), 'cells', 'pada-seed0'), { recursive: true })
    const [report] = (await run(plan, { reportOnly: true })).slice(-1)
    expect(report).toMatchObject({ complete: 1 })
    expect(searched(await run(plan))).toEqual(['spos-seed0', 'spos-seed1', 'pada-seed1'])
  })

  it('does not count a run as complete that has trained but not ranked', async () => {
    const plan = await planned()
    const place = join(out(), 'cells', 'spos-seed0')
    await collect(search(plan.cells[0].config, { data: tinySplits, out: place, phases: ['train'] }))
    expect(searched(await run(plan))[0]).toBe('spos-seed0 goes on')
    expect(JSON.parse(read('out', 'cells', 'spos-seed0', 'summary.json')).ranked).toBe(6)
  })

  it('leaves a cell to the process that holds it, and waits for it at the end', async () => {
    const plan = await planned()
    const place = join(out(), 'cells')
    mkdirSync(join(place, 'spos-seed0'), { recursive: true })
    const other = await lockRun(join(place, 'spos-seed0'))
    const order: string[] = []
    for await (const event of experiment(plan, { out: out(), data: tinySplits })) {
      if (event.event === 'cell') order.push(event.cell)
      if (event.event !== 'waiting') continue
      order.push('waiting')
      expect(event.cells).toEqual(['spos-seed0'])
      await other.release()
    }
    expect(order).toEqual(['pada-seed0', 'spos-seed1', 'pada-seed1', 'waiting', 'spos-seed0'])
  })

  it('lets a search go that another process took over, and looks at it again', async () => {
    let lose = () => {}
    const { lock } = lockfile
    vi.spyOn(lockfile, 'lock').mockImplementation((path, options) => {
      if (path.endsWith('spos-seed0')) lose = () => options!.onCompromised!(new Error('lost'))
      return lock(path, options)
    })
    const events: ExperimentEvent[] = []
    for await (const event of experiment(await planned(), { out: out(), data: tinySplits })) {
      if (event.event === 'search' && event.search.event === 'epoch' && events.length < 20) lose()
      events.push(event)
    }
    vi.restoreAllMocks()
    expect(events.filter(({ event }) => event === 'cellFailed')).toEqual([])
    expect(searched(events)).toEqual(['spos-seed0', 'pada-seed0', 'spos-seed1', 'pada-seed1', 'spos-seed0 goes on'])
    expect(events.at(-1)).toMatchObject({ event: 'report', complete: 4 })
  })

  it('keeps others out of the run folder that it works on', async () => {
    const { name, cells } = await planned()
    const place = join(out(), 'cells', 'spos-seed0')
    let refused = ''
    for await (const event of experiment(await planned(), { out: out(), data: tinySplits })) {
      if (refused !== '' || event.event !== 'search' || event.search.event !== 'epoch') continue
      expect(event.cell).toBe('spos-seed0')
      refused = await complaint(collect(search(cells[0].config, { data: tinySplits, resume: place })))
    }
    expect(refused).toContain(`received ${place}, which another process works on`)
    expect(results()).toMatchObject({ name, cells: { length: 4 } })
  })

  it('shared by two that run at once is done once', async () => {
    const both = await Promise.all([run(await planned()), run(await planned())])
    expect(both.flatMap(searched).sort()).toEqual(['pada-seed0', 'pada-seed1', 'spos-seed0', 'spos-seed1'])
    expect(results().cells).toHaveLength(4)
  })

  it('leaves its tables as they are if every search fails', async () => {
    const plan = await planned()
    await run(plan)
    const before = read('out', 'results.csv')
    // Other test images, and folders that nobody can continue.
    const data = { ...tinySplits, test: { ...tinySplits.test, labels: new Int32Array(20) } }
    for (const { id } of plan.cells) writeFileSync(join(out(), 'cells', id, 'checkpoint', 'state.json'), '{')
    const work = run(plan, { data })
    expect(await complaint(work)).toMatch(/received 4 that failed/)
    expect(read('out', 'results.csv')).toBe(before)
    expect(before.split('\n')).toHaveLength(6)
  })

  it('goes on with the other cells after one that fails, and says so at the end', async () => {
    const plan = await planned()
    const place = join(out(), 'cells', 'pada-seed0')
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'notes.txt'), 'mine')
    const events: ExperimentEvent[] = []
    const work = async () => {
      for await (const event of experiment(plan, { out: out(), data: tinySplits })) events.push(event)
    }
    expect(await complaint(work())).toMatch(
      /^Expected every search to end well but received 1 that failed: pada-seed0: /,
    )
    expect(events.at(-1)).toMatchObject({ event: 'report', complete: 3 })
    expect(events.filter(({ event }) => event === 'cellFailed')).toHaveLength(1)
  })
})
