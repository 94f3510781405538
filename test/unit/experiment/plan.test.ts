import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { slug } from '../../../src/experiment/axes.js'
import { planExperiment } from '../../../src/experiment/load.js'
import type { ExperimentInput } from '../../../src/experiment/settings.js'
import { refusalOf } from '../../support/refusal.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const PA = { label: 'PA', method: { name: 'pada', data: 'shuffle' } }

const planned = (changes: Partial<ExperimentInput> = {}) =>
  planExperiment({
    name: 'test',
    set: { training: { epochs: 4 } },
    seeds: [0, 1],
    studies: { methods: { figure: 'method', methods: ['spos', PA] } },
    ...changes,
  })

const ids = async (changes: Partial<ExperimentInput>) => (await planned(changes)).cells.map(({ id }) => id)

describe('the cells of an experiment', () => {
  it('are all combinations, the first seed of each before the second', async () => {
    const { cells } = await planned()
    expect(cells.map(({ id }) => id)).toEqual(['spos-seed0', 'PA-seed0', 'spos-seed1', 'PA-seed1'])
    expect(cells.map(({ config }) => [config.method.name, config.seed, config.training.epochs, config.name])).toEqual([
      ['spos', 0, 4, 'spos-seed0'],
      ['pada', 0, 4, 'PA-seed0'],
      ['spos', 1, 4, 'spos-seed1'],
      ['pada', 1, 4, 'PA-seed1'],
    ])
    expect(cells[1].config.method).toMatchObject({ data: 'shuffle', paths: 'importance' })
  })

  it('start from the named file and from what is set over it', async () => {
    const [{ config }] = (await planned()).cells
    expect(config).toMatchObject({
      space: { channels: 8 },
      training: { batchSize: 64 },
      groundTruth: { file: 'embedded' },
    })
  })

  it('start without what the default file says about its data, and refuse its table, for other data', async () => {
    const data = { format: 'idx' as const, dir: folder }
    expect(await refusalOf(() => planned({ set: { data } }))).toContain('for groundTruth.file but received "embedded"')
    const set = { data, groundTruth: { file: join(folder, 'table.csv') } }
    expect((await planned({ set })).cells.map(({ config }) => config.data)).toEqual(new Array(4).fill(data))
    const named = await planned({ config: 'nasbench201-fashion', set })
    expect(named.cells.map(({ config }) => config.data)).toEqual(new Array(4).fill(data))
  })

  it('start without what the file says about its data where a value names other data', async () => {
    const data = { format: 'idx' as const, dir: folder }
    const other = { label: 'other', data, groundTruth: { file: join(folder, 'table.csv') } }
    const studies: ExperimentInput['studies'] = {
      all: { figure: 'method', spaces: ['nasbench201', other], methods: ['spos'] },
    }
    const set = { data: { trainCount: 60 } }
    const { cells } = await planned({ seeds: [0], set, studies })
    expect(cells.map(({ id, config }) => [id, config.data])).toEqual([
      ['spos-seed0', expect.objectContaining({ format: 'embedded', padTo: 32, trainCount: 60 })],
      // What the experiment sets holds for all data.
      ['other-spos-seed0', { ...data, trainCount: 60 }],
    ])
  })

  it('are named for what differs from the settings of the experiment', async () => {
    const studies: ExperimentInput['studies'] = { longer: { figure: 'epochs', methods: ['spos'], epochs: [2, 4] } }
    expect(await ids({ seeds: [7], studies })).toEqual(['spos-epochs-2-seed7', 'spos-seed7'])
  })

  it('keep their names when studies and values are added', async () => {
    const few = await ids({})
    const studies: ExperimentInput['studies'] = {
      longer: { figure: 'epochs', methods: ['spos', 'pada'], epochs: [4, 8] },
      methods: { figure: 'method', methods: ['pada', PA, 'spos'] },
    }
    const many = await ids({ seeds: [0, 1, 2], studies })
    expect(many).toEqual(expect.arrayContaining(few))
    expect(new Set(many).size).toBe(many.length)
  })

  it('that are equal in several studies are one', async () => {
    const { cells, studies } = await planned({
      studies: {
        methods: { figure: 'method', methods: ['spos', 'pada'] },
        longer: { figure: 'epochs', methods: [{ label: 'uniform', method: { name: 'spos' } }], epochs: [4, 8] },
      },
    })
    expect(cells.map(({ id }) => id)).toEqual([
      ...['spos-seed0', 'pada-seed0', 'uniform-epochs-8-seed0'],
      ...['spos-seed1', 'pada-seed1', 'uniform-epochs-8-seed1'],
    ])
    expect(studies[1].conditions[0].cells[0]).toBe(studies[0].conditions[0].cells[0])
    // Each study calls it as it likes.
    expect(studies.map(({ conditions }) => conditions[0].labels.method)).toEqual(['SPOS', 'uniform'])
  })

  it('of another space begin its settings anew, with its ground truth', async () => {
    const table = join(folder, 'macro.json')
    const { cells } = await planned({
      seeds: [0],
      groundTruths: { 'nasbench-macro': { file: table } },
      studies: { spaces: { figure: 'method', spaces: ['nasbench201', 'nasbench-macro'], methods: ['spos'] } },
    })
    expect(cells.map(({ id }) => id)).toEqual(['spos-seed0', 'nasbench-macro-spos-seed0'])
    expect(cells[1].config.space).toEqual({ name: 'nasbench-macro', channels: 32 })
    expect(cells[1].config.groundTruth).toEqual({ file: table })
    expect(cells[0].config.groundTruth).toEqual({ file: 'embedded' })
  })

  it('have the ground truth of a value rather than that of its space', async () => {
    const [table, own] = [join(folder, 'table.csv'), join(folder, 'own.csv')]
    const spaces = [
      'nasbench201',
      { label: 'own', groundTruth: { file: own }, ranking: { subModels: 5 } },
      { label: 'column', groundTruth: { column: 'other' }, ranking: { subModels: 6 } },
      { label: 'none', groundTruth: null, ranking: { subModels: 7 } },
    ]
    const { cells } = await planned({
      seeds: [0],
      groundTruths: { nasbench201: { file: table } },
      studies: { spaces: { figure: 'method', spaces, methods: ['spos'] } },
    })
    expect(cells.map(({ config }) => config.groundTruth)).toEqual([
      { file: table },
      { file: own },
      { file: table, column: 'other' },
      undefined,
    ])
  })

  it('may start from another file, and go without a setting', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'training: { epochs: 9, batchSize: 7 }\ndata: { trainCount: 60 }\n')
    const other = { label: 'other', config: join(folder, 'other.yaml'), data: { trainCount: null } }
    const { cells } = await planned({
      seeds: [3],
      studies: { spaces: { figure: 'method', spaces: [other], methods: ['spos'] } },
    })
    expect(cells[0].id).toBe('other-spos-seed3')
    // What is set for all stays above the file.
    expect(cells[0].config).toMatchObject({
      seed: 3,
      training: { epochs: 4, batchSize: 7 },
      data: { format: 'embedded' },
    })
    expect(cells[0].config.data.trainCount).toBeUndefined()
  })

  it('keep the values of earlier axes where a value starts from another file', async () => {
    writeFileSync(
      join(folder, 'mine.yaml'),
      'space: { name: nasbench201, channels: 5, sharing: perOperation }\ntraining: { batchSize: 7 }\n',
    )
    const mine = { label: 'mine', config: join(folder, 'mine.yaml'), method: { name: 'pada' } }
    const { studies } = await planned({
      seeds: [0],
      studies: { all: { figure: 'extent', extents: ['perOperation', 'perCell'], methods: ['spos', mine] } },
    })
    const found = studies[0].conditions.map(({ labels, cells: [{ id, config }] }) => {
      const { channels, sharing } = config.space as { channels?: number; sharing?: string }
      return [labels.extent, labels.method, id, sharing, channels, config.training.batchSize]
    })
    // The default file says perCell, and the other one perOperation.
    expect(found).toEqual([
      ['per operation', 'SPOS', 'perOperation-spos-seed0', 'perOperation', 8, 64],
      ['per operation', 'mine', 'mine-seed0', 'perOperation', 5, 7],
      ['per cell', 'SPOS', 'spos-seed0', 'perCell', 8, 64],
      ['per cell', 'mine', 'perCell-mine-seed0', 'perCell', 5, 7],
    ])
  })

  it('start from one file: two values that name one are refused', async () => {
    const config = 'nasbench201-smoke'
    const studies: ExperimentInput['studies'] = {
      all: { figure: 'method', extents: [{ label: 'wide', config }], methods: ['spos', { label: 'mine', config }] },
    }
    expect(await refusalOf(() => planned({ seeds: [0], studies }))).toMatch(
      /^Expected at most one value with a config for each search but received wide and mine in \S*mine-seed0 /,
    )
  })

  it('have names that are safe as files', () => {
    expect(slug('PA&DA, δ = ½ / 3')).toBe('PA-DA-3')
    expect(slug('../x')).toBe('x')
  })
})
