import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { lastEpoch, readRun, type SearchRecord } from '../../../src/report/run-record.js'
import { readImageImportance } from '../../../src/runs/image-importance.js'
import { temporaryFolder } from '../../support/folders.js'
import { addImportance, makeRetraining, makeSearchRun } from '../../support/made-up-run.js'

let folder: string
const file = (name: string) => join(folder, name)
const read = async () => (await readRun(folder)) as SearchRecord

beforeEach(() => {
  folder = join(temporaryFolder(), 'run')
})

describe('the records of a run folder', () => {
  it('are all that a search wrote', async () => {
    makeSearchRun(folder)
    const { kind, start, epochs, result, ranking, found, space, notes } = await read()
    expect({ kind, method: start!.method, tau: result!.kendallTau, space: space!.name, notes }).toEqual({
      kind: 'search',
      method: 'pada',
      tau: 1,
      space: 'nasbench201',
      notes: [],
    })
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3])
    expect(ranking![29]).toMatchObject({ path: [3, 0, 1, 0, 4, 2], accuracy: 0.61, groundTruth: 61 })
    expect(found![1].costs).toEqual({ parameters: 2000, multiplyAdds: 100_000, flops: 200_000 })
    expect(found![1].groundTruth).toBeNull()
  })

  it('know a retraining by its settings', async () => {
    makeRetraining(folder)
    const record = await readRun(folder)
    expect(record.kind).toBe('retraining')
    expect(record.epochs).toHaveLength(2)
    expect(record.notes).toEqual([])
  })

  it('say how far an unfinished run is, and leave a torn line out', async () => {
    makeSearchRun(folder, { epochs: 3 })
    for (const name of ['summary.json', 'ranking.csv', 'found.csv']) rmSync(file(name))
    appendFileSync(file('events.jsonl'), '{"event":"epo')
    const record = await read()
    expect(record.epochs).toHaveLength(3)
    expect(record).toMatchObject({ result: undefined, ranking: undefined, found: undefined })
    expect(record.notes).toEqual(['The run has finished 3 of 4 epochs.'])
  })

  it('leave out what is damaged, and say so', async () => {
    makeSearchRun(folder)
    const lines = readFileSync(file('events.jsonl'), 'utf8').split('\n')
    lines[2] = lines[2].slice(0, 40)
    writeFileSync(file('events.jsonl'), lines.join('\n'))
    writeFileSync(file('summary.json'), '{')
    writeFileSync(file('ranking.csv'), 'rank,path,arch,accuracy,loss,groundTruth\n1,0,a,high,1,2\n')
    writeFileSync(file('found.csv'), 'front,path\n"1')
    const record = await read()
    expect(record.epochs.map(({ epoch }) => epoch)).toEqual([0, 2, 3])
    expect(record).toMatchObject({ result: undefined, ranking: undefined, found: undefined })
    expect(record.notes).toEqual([
      'summary.json is damaged, and its results are left out.',
      'Line 3 of events.jsonl cannot be read, and what it said is left out.',
      'events.jsonl lacks 1 of the 4 finished epochs, and curves have gaps there.',
      'ranking.csv cannot be read and is left out: Expected a number for accuracy but received high.',
      expect.stringMatching(/^found\.csv cannot be read and is left out: .+\.$/),
    ])
  })

  it('say that a ranking is of earlier weights', async () => {
    makeSearchRun(folder)
    const summary = JSON.parse(readFileSync(file('summary.json'), 'utf8'))
    writeFileSync(file('summary.json'), JSON.stringify({ ...summary, epochs: 2 }))
    expect((await read()).notes).toEqual([
      'Ranking and found sub-models are of the weights of epoch 2, before further training.',
    ])
  })

  it('say that a ranking is missing', async () => {
    makeSearchRun(folder)
    rmSync(file('ranking.csv'))
    expect((await read()).notes).toEqual(['ranking.csv is missing.'])
  })

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['damaged', 'xxxx\n{"event":'],
  ])('count the epochs by the result if the log is %s', async (state, text) => {
    makeSearchRun(folder)
    if (text === undefined) rmSync(file('events.jsonl'))
    else writeFileSync(file('events.jsonl'), text)
    const record = await read()
    expect(record).toMatchObject({ finished: 4, planned: 4, epochs: [] })
    expect(lastEpoch(record)).toBeUndefined()
    expect(record.notes).toEqual([`events.jsonl is ${state}, and the figures by epoch are left out.`])
  })

  it('count the epochs by the checkpoint, or by the last one in the log, without a result', async () => {
    makeSearchRun(folder, { epochs: 2 })
    for (const name of ['summary.json', 'ranking.csv', 'found.csv']) rmSync(file(name))
    mkdirSync(file('checkpoint'))
    writeFileSync(file('checkpoint/state.json'), JSON.stringify({ progress: { epoch: 3, step: 1 } }))
    const record = await read()
    expect(record).toMatchObject({ finished: 3, planned: 4 })
    expect(lastEpoch(record)).toBeUndefined()
    expect(record.notes).toEqual([
      'events.jsonl lacks 1 of the 3 finished epochs, and curves have gaps there.',
      'The run has finished 3 of 4 epochs.',
    ])
    rmSync(file('checkpoint'), { recursive: true })
    const lines = readFileSync(file('events.jsonl'), 'utf8').split('\n')
    writeFileSync(file('events.jsonl'), [lines[0], lines[2], ''].join('\n'))
    const second = await read()
    expect(second.finished).toBe(2)
    expect(lastEpoch(second)!.epoch).toBe(1)
  })

  it('say that the summary of a ranked run is missing', async () => {
    makeSearchRun(folder)
    rmSync(file('summary.json'))
    const record = await read()
    expect(record.notes).toEqual(['summary.json is missing, and its results are left out.'])
    expect(record.ranking).toHaveLength(30)
  })

  it('say once that a ranking is damaged, or empty', async () => {
    makeSearchRun(folder)
    writeFileSync(file('ranking.csv'), 'rank,path,arch,accuracy,loss,groundTruth\n1,0,a,high,1,2\n')
    expect((await read()).notes).toEqual([
      'ranking.csv cannot be read and is left out: Expected a number for accuracy but received high.',
    ])
    writeFileSync(file('ranking.csv'), '')
    expect((await read()).notes).toEqual(['ranking.csv is empty.'])
  })

  it.each([
    ['top', 3],
    ['top', [{ arch: 'a' }]],
    ['found', { best: {} }],
    ['kendallTau', 'high'],
    ['event', undefined],
  ])('take a summary of another shape as damaged: %s = %j', async (field, value) => {
    makeSearchRun(folder)
    const summary = JSON.parse(readFileSync(file('summary.json'), 'utf8'))
    writeFileSync(file('summary.json'), JSON.stringify({ ...summary, [field]: value }))
    const record = await read()
    expect(record.result).toBeUndefined()
    expect(record.notes).toEqual(['summary.json is damaged, and its results are left out.'])
  })

  it('take the summary of a retraining of another shape as damaged', async () => {
    makeRetraining(folder)
    writeFileSync(file('summary.json'), '{"event":"result","best":3}')
    expect((await readRun(folder)).notes).toEqual(['summary.json is damaged, and its results are left out.'])
  })

  it.each([
    ['name: [', /^Expected valid YAML for (.*) but received an error in line 1: /],
    ['', /^Expected a group of settings for (.*) but received an empty file$/],
    ['training: { epochs: many }', /^Expected .* for training.epochs but .*; the settings are those of (.*)$/],
  ])('refuse the settings %j by the name of their file', async (text, sentence) => {
    makeSearchRun(folder)
    writeFileSync(file('config.yaml'), text)
    const error: Error = await readRun(folder).then(
      () => expect.unreachable(),
      (reason) => reason,
    )
    expect(error).toBeInstanceOf(UserError)
    expect(sentence.exec(error.message)?.[1], error.message).toBe(file('config.yaml'))
  })

  it('expect no epochs of imported weights, unless they are trained', async () => {
    makeSearchRun(folder, { epochs: 0 })
    writeFileSync(file('import.json'), '{}')
    expect(await read()).toMatchObject({ notes: [], finished: 0, planned: 0 })
    makeSearchRun(folder, { epochs: 3 })
    expect(await read()).toMatchObject({
      notes: ['The run has finished 3 of 4 epochs.'],
      finished: 3,
      planned: 4,
    })
  })

  it('refuse a folder that is no run, and name a run in it', async () => {
    mkdirSync(folder)
    const refused = () => expect(readRun(folder)).rejects
    await refused().toThrow(
      `Expected a run folder with a config.yaml but received ${folder}, in which no run has begun`,
    )
    makeSearchRun(join(folder, 'second'))
    const sentence = `Expected a run folder with a config.yaml but received ${folder}, which holds runs, such as `
    await refused().toThrow(sentence + join(folder, 'second'))
  })
})

describe('the importance of images', () => {
  it('is read as expected draws', async () => {
    makeSearchRun(folder)
    await addImportance(folder, [0.5, 1, 2, 0.5], 'digest')
    const importance = await readImageImportance(folder)
    expect([...importance!.draws]).toEqual([0.5, 1, 2, 0.5])
    expect(importance).toMatchObject({ least: 0.5, images: 'digest' })
  })

  it('says of no image that it was not drawn, if all have another importance', async () => {
    makeSearchRun(folder)
    await addImportance(folder, [0.5, 1, 1.5, 1], 'digest')
    expect(await readImageImportance(folder)).not.toHaveProperty('least')
  })

  it('is found while the checkpoint is replaced', async () => {
    makeSearchRun(folder)
    await addImportance(folder, [0.5, 1, 1.5, 1], 'digest')
    renameSync(file('checkpoint'), file('checkpoint.old'))
    cpSync(file('checkpoint.old'), file('checkpoint.new'), { recursive: true })
    expect(await readImageImportance(folder)).toMatchObject({ images: 'digest' })
  })

  it('is undefined without a checkpoint', async () => {
    makeSearchRun(folder)
    expect(await readImageImportance(folder)).toBeUndefined()
  })
})
