import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/index.js'
import { slug } from '../../../src/experiment/axes.js'
import { loadExperiment, planExperiment } from '../../../src/experiment/load.js'
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

describe('an experiment in a file', () => {
  const write = (text: string) => {
    const file = join(folder, 'mine.yaml')
    writeFileSync(file, text)
    return file
  }

  it('names files relative to itself, and its own name after itself', async () => {
    writeFileSync(join(folder, 'base.yaml'), 'data: { format: idx, dir: images }\n')
    const file = write(`
config: base.yaml
seeds: [0]
groundTruths: { nasbench201: { file: table.csv } }
studies: { m: { figure: method, methods: [spos] } }`)
    const plan = await loadExperiment(file)
    expect(plan.name).toBe('mine')
    expect(plan.cells[0].config).toMatchObject({
      data: { dir: join(folder, 'images') },
      groundTruth: { file: join(folder, 'table.csv') },
    })
  })

  it('is changed by --set: its own keys, and the settings of all cells', async () => {
    const file = write('seeds: [0]\nstudies: { m: { figure: method, methods: [spos] } }')
    const set = ['seeds=[5]', 'training.epochs=3', 'groundTruths.nasbench201.file=x.csv']
    const { cells } = await loadExperiment(file, { set })
    expect(cells.map(({ id }) => id)).toEqual(['spos-seed5'])
    expect(cells[0].config).toMatchObject({
      training: { epochs: 3 },
      groundTruth: { file: join(process.cwd(), 'x.csv') },
    })
  })

  it('merges groups of --set with its own, also if they are written in braces or in an earlier form', async () => {
    const file = write(`
set: { training: { epochs: 3, varianceSteps: 2 }, method: { name: pada, perEdge: true } }
seeds: [0]
studies: { m: { figure: epochs, epochs: [3] } }
`)
    const configOf = async (...set: string[]) => (await loadExperiment(file, { set })).cells[0].config
    const { training } = await configOf('training={batchSize: 32}', 'training.momentum=0.8')
    expect(training).toMatchObject({ epochs: 3, varianceSteps: 2, batchSize: 32, optimizer: { momentum: 0.8 } })
    expect((await configOf('method.name=spos')).method).toEqual({ name: 'spos', sampling: 'uniform' })
    expect((await configOf('method.name=spos', 'method={sampling: modelSize}')).method.name).toBe('spos')
  })

  it('refuses a table for all spaces beside tables by space', async () => {
    const file = write(
      'groundTruths: { nasbench201: { file: x.csv } }\nseeds: [0]\nstudies: { m: { figure: method, methods: [spos] } }',
    )
    expect(await refusalOf(() => loadExperiment(file, { set: ['groundTruth.column=a'] }))).toBe(
      'Expected groundTruths.SPACE, because the experiment names tables by space, for --set but received "groundTruth.column=a"',
    )
    const { cells } = await loadExperiment(file, { set: ['groundTruths=null', 'groundTruth.file=y.csv'] })
    expect(cells[0].config.groundTruth?.file).toMatch(/y\.csv$/)
  })

  it('refuses an entry of a list that only the configurations have', async () => {
    const file = write('config: nasbench201-fashion\nseeds: [0]\nstudies: { a: { figure: method, methods: [spos] } }\n')
    const set = ['training.augmentation[0].padding=1']
    expect(await refusalOf(() => loadExperiment(file, { set }))).toBe(
      'Expected the whole list, because configurations may have others, for --set training.augmentation but received entry 0 of it',
    )
    const own = ['training.augmentation=[{kind: flip}]', 'training.augmentation[0].probability=0.1']
    const { cells } = await loadExperiment(file, { set: own })
    expect(cells[0].config.training.augmentation).toEqual([{ kind: 'flip', probability: 0.1 }])
  })

  it('gives a group of another kind its own defaults', async () => {
    const file = write(`
set: { training: { optimizer: { kind: sgd, momentum: 0.8, weightDecay: 0.007 } } }
seeds: [0]
studies: { m: { figure: method, methods: [{ label: A, method: { name: spos }, training: { optimizer: { kind: adamw } } }] } }
`)
    const { cells } = await loadExperiment(file)
    const { optimizer } = parseConfig({ training: { optimizer: { kind: 'adamw' } } }).training
    expect(cells[0].config.training.optimizer).toEqual(optimizer)
  })

  it('refuses an unknown setting in --set, also one to remove', async () => {
    const file = write('config: nasbench201-fashion\nseeds: [0]\nstudies: { a: { figure: method, methods: [spos] } }\n')
    for (const set of [['training.epochz=null'], ['training.epochz=3']]) {
      expect(await refusalOf(() => loadExperiment(file, { set }))).toMatch(
        /^Expected only .* for training but received "epochz" \(--set\)$/,
      )
    }
    const { cells } = await loadExperiment(file, { set: ['training.labelSmoothing=null', 'method.perEdge=null'] })
    expect(cells).toHaveLength(1)
  })

  it('tells all its own mistakes at once', async () => {
    const file = write(`
name: two words
seeds: [0, 0]
colour: red
studies:
  a: { figure: pie, methods: [spos] }
  b: { figure: method, methods: [5, { method: { name: spos } }] }
  c: { figure: noise, methods: [spos] }
  d: { figure: epochs, epochs: [1, 1] }
  e/f: { figure: method, methods: [spos] }`)
    const text = await refusalOf(() => loadExperiment(file))
    expect(
      text
        .split('\n')
        .slice(1)
        .map((line) => line.trim()),
    ).toEqual([
      'Expected letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore, for name but received "two words"',
      'Expected a list of different seeds for seeds but received [0,0]',
      'Expected extent, noise, method, epochs for studies.a.figure but received "pie"',
      'Expected a name, or a group of settings with a label for studies.b.methods[0] but received 5',
      'Expected text for studies.b.methods[1].label but received nothing',
      'Expected a list of values, because figure is noise, for studies.c.noise but received nothing',
      'Expected a different label for every value for studies.d.epochs but received [1,1]',
      'Expected letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore, for studies.e/f but received "e/f"',
      'Expected only name, config, set, seeds, groundTruths, studies for the settings but received "colour"',
    ])
  })

  it('refuses a seed of a value, because it would be ignored', async () => {
    const file = write('seeds: [0]\nstudies: { a: { figure: method, methods: [{ label: A, seed: 3 }] } }')
    expect(await refusalOf(() => loadExperiment(file))).toBe(
      `Expected none, because seeds has them, for studies.a.methods[0].seed but received 3 (${file})`,
    )
  })

  it('tells what is wrong with the settings of any cell, each mistake once', async () => {
    const file = write(`
seeds: [0, 1]
set: { training: { epochs: 0 } }
studies:
  m: { figure: method, methods: [spos, { label: odd, method: { name: pada, paths: random } }] }`)
    const text = await refusalOf(() => loadExperiment(file))
    expect(
      text
        .split('\n')
        .slice(1)
        .map((line) => line.trim()),
    ).toEqual([
      'Expected a number of at least 1 for training.epochs but received 0',
      'Expected importance, uniform for method.paths but received "random" in odd-seed0 and 1 more',
    ])
  })

  it('is refused where two different cells would have one name', async () => {
    const file = write(`
seeds: [0]
studies:
  a: { figure: method, methods: [{ label: PA, method: { name: pada, data: shuffle } }] }
  b: { figure: method, methods: [{ label: pa, method: { name: pada, perEdge: true } }] }`)
    expect(await refusalOf(() => loadExperiment(file))).toMatch(
      /^Expected labels with different names of folders for different settings but received twice pa-seed0/,
    )
  })

  it.each(['method', 'space'])('is refused by name where a %s has the name of what every object has', async (axis) => {
    const file = write(
      `seeds: [0]\nstudies: { a: { figure: extent, extents: [perCell, perOperation], ${axis}s: [constructor] } }`,
    )
    expect(await refusalOf(() => loadExperiment(file))).toMatch(
      new RegExp(`Expected .* for ${axis}.name but received "constructor"`),
    )
  })

  it.each([
    ['nowhere', /Expected a readable YAML file for experiment but received no such file/],
    ['seeds: [', /Expected valid YAML/],
  ])('that cannot be read is refused: %s', async (text, sentence) => {
    expect(await refusalOf(() => loadExperiment(text === 'nowhere' ? join(folder, text) : write(text)))).toMatch(
      sentence,
    )
  })
})

describe('the experiments that come with the package', () => {
  // Cells by file: conditions × seeds, equal ones counted once.
  it.each([
    ['evidence', 32 * 5],
    ['first', 2 * 3],
    ['gradient-noise', 4 * 3],
    ['longer-training', 7 * 3],
    ['methods', 11 * 3],
    ['nasbench201-cifar10-short', 8 * 2],
    ['sharing-extent', 4 * 3],
  ])('%s has %i cells', async (name, count) => {
    const embedded = ['evidence', 'first'].includes(name)
    const set = embedded ? [] : ['data.dir=cifar10', 'groundTruth.file=table.csv']
    const { cells } = await loadExperiment(join('configs', 'experiments', `${name}.yaml`), { set })
    expect(cells).toHaveLength(count)
    const dir = embedded ? undefined : join(process.cwd(), 'cifar10')
    expect(cells.map(({ config }) => config.data.dir)).toEqual(cells.map(() => dir))
  })
})
