/** Nothing is lost when a file of a run is torn, damaged or changed; and what is given up is said. */
import '../../support/fake-addon.js'
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { describeDiscarded } from '../../../src/cli/output/discarded.js'
import { chooseRun } from '../../../src/cli/run-folder.js'
import { readSafetensors, writeSafetensors } from '../../../src/formats/safetensors.js'
import type { DiscardedEvent, SearchEvent } from '../../../src/search/events.js'
import { importRun } from '../../../src/search/import-run.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

let run: string
const file = (name: string) => join(run, name)
const config = tinyConfig()
const data = tinySplits
const searched = (options: SearchOptions, settings = config) => collect(search(settings, { data, ...options }))
const result = (events: readonly SearchEvent[]) => timeless(events.at(-1)!)
const discarded = (events: readonly SearchEvent[]) =>
  events.filter((event): event is DiscardedEvent => event.event === 'discarded')

let whole: SearchEvent[]
beforeEach(async () => {
  run = join(temporaryFolder(), 'run')
  whole = await searched({ out: run })
})

describe('the event log', () => {
  const CUT = { event: 'discarded', file: 'events.jsonl', changed: ['damage'] }
  const log = () => readFileSync(file('events.jsonl'))

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['in the middle of a line', (bytes) => bytes.subarray(0, bytes.length / 4)],
    ['filled with zeros', (bytes) => Buffer.concat([bytes.subarray(0, bytes.length / 4), Buffer.alloc(bytes.length)])],
    ['with a line that is no event', (bytes) => Buffer.from(`${bytes}`.replace('"event":"epoch"', '"event":7'))],
  ])('is cut where it is %s, and the run goes on', async (_, damage) => {
    const before = log()
    writeFileSync(file('events.jsonl'), damage(before))
    const events = await searched({ resume: run })
    expect(discarded(events)).toEqual([CUT])
    expect(result(events)).toEqual(result(whole))
    const lines = `${log()}`.trimEnd().split('\n')
    for (const line of lines) JSON.parse(line)
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: 'result' })
    expect(JSON.parse(lines[0])).toMatchObject({ event: 'start' })
    // The log is whole again.
    expect(discarded(await searched({ resume: run }))).toEqual([])
  })

  it('keeps the events after a line that is damaged', async () => {
    const epochs = (text: Buffer) => `${text}`.split('\n').filter((line) => line.startsWith('{"event":"epoch"'))
    const [first, ...later] = epochs(log())
    expect(later.length).toBeGreaterThan(0)
    writeFileSync(file('events.jsonl'), `${log()}`.replace(first, first.slice(0, 20)))
    await searched({ resume: run })
    expect(epochs(log())).toEqual(later)
  })

  it('that is whole is not spoken of', async () => {
    expect(discarded(await searched({ resume: run }))).toEqual([])
  })

  it('tells a person what is lost', () => {
    expect(describeDiscarded(CUT as DiscardedEvent)).toBe(
      'mended events.jsonl, which is torn or damaged: those events are lost, the weights are not',
    )
  })
})

test('evaluations from a damaged line on are made again', async () => {
  const lines = readFileSync(file('evaluated.jsonl'), 'utf8').split('\n')
  writeFileSync(file('evaluated.jsonl'), lines.with(5, '\0'.repeat(40)).join('\n'))
  const events = await searched({ resume: run })
  const lost = discarded(events)
  // One of 22 lines is the key, and the last is empty.
  expect(lost).toEqual([
    { event: 'discarded', file: 'evaluated.jsonl', records: lines.length - 6, changed: ['damage'] },
  ])
  expect(describeDiscarded(lost[0])).toBe('discarded 16 records of evaluated.jsonl, which is damaged there')
  expect(result(events)).toEqual(result(whole))
  expect(
    readFileSync(file('evaluated.jsonl'), 'utf8')
      .split('\n')
      .map((line) => line.length > 0 && JSON.parse(line).path),
  ).toEqual(lines.map((line) => line.length > 0 && JSON.parse(line).path))
})

test.each(['', '{"event":"res', '\0\0\0\0', 'null', '[]'])('a damaged summary %j is replaced', async (text) => {
  writeFileSync(file('summary.json'), text)
  const events = await searched({ resume: run })
  expect(discarded(events).map(describeDiscarded)).toEqual(
    text === '' ? [] : ['removed summary.json, which was damaged'],
  )
  expect(result(events)).toEqual(result(whole))
  expect(timeless(JSON.parse(readFileSync(file('summary.json'), 'utf8')))).toEqual(result(whole))
})

test.each(['weights', 'state'])('a checkpoint with tensors of something else is refused: %s', async (part) => {
  const path = file(join('checkpoint', `${part}.safetensors`))
  const { tensors } = await readSafetensors(path)
  const [[name, { shape, data }]] = tensors
  await writeSafetensors(
    path,
    new Map(tensors).set(name, { shape, data: (data as Float32Array).map((value) => value + 1) }),
  )
  await expect(searched({ resume: run, phases: ['rank'] })).rejects.toThrow(
    `Expected the tensors that the run wrote for ${path} but received others, or damaged ones`,
  )
})

test.each([
  ['{"format":2,', 'damaged JSON'],
  ['null', 'damaged JSON'],
  ['{"format":2}', 'one that lacks a part'],
])('a state that is damaged ends in a sentence: %s', async (text, received) => {
  const path = file(join('checkpoint', 'state.json'))
  writeFileSync(path, text)
  await expect(searched({ resume: run })).rejects.toThrow(
    `Expected a readable state of a checkpoint for ${path} but received ${received}`,
  )
})

test('settings that were changed in the run folder after training are refused, by name', async () => {
  const settings = readFileSync(file('config.yaml'), 'utf8')
  expect(settings).toContain('batchSize: 8\n')
  const changed = tinyConfig({ training: { batchSize: 9 } })
  writeFileSync(file('config.yaml'), settings.replace('batchSize: 8\n', 'batchSize: 9\n'))
  for (const phases of [undefined, ['rank']] as const) {
    await expect(searched({ resume: run, phases }, changed)).rejects.toMatchObject({
      message: `Expected a checkpoint in ${run} of the settings in its config.yaml but received one of others: training.batchSize: 8, not 9`,
      exitCode: 2,
    })
  }
  writeFileSync(file('config.yaml'), settings)
  expect(result(await searched({ resume: run }))).toEqual(result(whole))
})

test('settings of ranking and finding that change are told, if a configuration brings them', async () => {
  const configuration = join(run, '..', 'other.yaml')
  writeFileSync(configuration, readFileSync(file('config.yaml'), 'utf8').replace(/subModels: 20/, 'subModels: 7'))
  const { notes } = await chooseRun({ resume: run, config: configuration })
  expect(notes).toEqual(['The run continues with other settings: ranking.subModels: 7, before 20'])
  expect((await chooseRun({ resume: run, config: file('config.yaml') })).notes).toEqual([])
  expect((await chooseRun({ resume: run, set: ['ranking.subModels=7'] })).notes).toEqual([])
})

test('training longer than first said is refused, with the command that does it', async () => {
  const longer = tinyConfig({ training: { epochs: 5 } })
  await expect(searched({ resume: run }, longer)).rejects.toThrow(
    `received others: training.epochs: 3, not 5; \`npx pada-native import ${run} --config ${run}/config.yaml --set training.epochs=5 --out FOLDER\` begins a new run with its weights, which \`train --resume FOLDER\` trains for 5 more epochs`,
  )
  const shorter = tinyConfig({ training: { epochs: 2 } })
  await expect(searched({ resume: run }, shorter)).rejects.toThrow(/training.epochs: 3, not 2$/)
  // As it says.
  const next = `${run}-longer`
  await importRun(longer, run, { out: next, data })
  expect((await searched({ resume: next }, longer)).filter(({ event }) => event === 'epoch')).toHaveLength(5)
})

describe('a folder in which no run has begun', () => {
  it.each(['config.yaml.12.tmp', 'import.json.12.tmp'])('because of a kill that left %s', async (name) => {
    const dead = join(temporaryFolder(), 'dead')
    mkdirSync(dead)
    writeFileSync(join(dead, name), 'na')
    await expect(searched({ resume: dead })).rejects.toThrow(
      `received ${dead}, in which no run has begun; search or retrain with --out begins one`,
    )
    await searched({ out: dead })
    expect(existsSync(join(dead, name))).toBe(false)
  })

  it('but other files is not overwritten, nor is a run whose settings are gone', async () => {
    rmSync(file('config.yaml'))
    await expect(searched({ out: run })).rejects.toThrow(/--out but received .*, which holds .*; choose another$/)
    await expect(searched({ resume: run })).rejects.toThrow(
      /Expected a run folder with a config.yaml but received .*run$/,
    )
  })
})

test('a log that was cut by hand to less than a line counts as empty', async () => {
  truncateSync(file('events.jsonl'), 10)
  expect(result(await searched({ resume: run }))).toEqual(result(whole))
})
