import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/index.js'
import { loadExperiment } from '../../../src/experiment/load.js'
import { temporaryFolder } from '../../support/folders.js'
import { refusalOf } from '../../support/refusal.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

/** The problems that a refusal lists, after its first line. */
const problemsIn = (text: string) =>
  text
    .split('\n')
    .slice(1)
    .map((line) => line.trim())

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
    const sentence =
      'Expected groundTruths.SPACE, because the experiment names tables by space, for --set but received "groundTruth.column=a"'
    for (const set of [['groundTruth.column=a'], ['groundTruth.column=a', 'groundTruths.darts.file=z.csv']]) {
      expect(await refusalOf(() => loadExperiment(file, { set }))).toBe(sentence)
    }
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
    expect(problemsIn(text)).toEqual([
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

  it('refuses what would be ignored: a seed, a name, a table of no space or beside those of spaces', async () => {
    const studies = 'studies: { a: { figure: method, methods: [spos] } }'
    const refused = async (text: string) => {
      const message = await refusalOf(() => loadExperiment(write(`seeds: [0]\n${text}\n${studies}`)))
      return message.replace(/ \(.*\)$/s, '')
    }
    expect(await refused('set: { seed: 3 }')).toBe('Expected none, because seeds has them, for set.seed but received 3')
    expect(await refused('set: { name: x }')).toBe(
      'Expected none, because searches are named by their ids, for set.name but received "x"',
    )
    expect(await refused('groundTruths: { nasbench-201: { file: x.csv } }')).toMatch(
      /^Expected one of nasbench201, .* as the name of a space for groundTruths\.nasbench-201 but received \{/,
    )
    expect(
      await refused('set: { groundTruth: { column: x } }\ngroundTruths: { nasbench201: { file: x.csv } }'),
    ).toMatch(/^Expected none, because groundTruths has the tables, for set\.groundTruth but received /)
    const file = write(`seeds: [0]\n${studies}`)
    expect(await refusalOf(() => loadExperiment(file, { set: ['seed=3'] }))).toContain('for set.seed but received 3')
  })

  it('refuses a figure of a gradient variance that training does not measure', async () => {
    const file = write(
      'seeds: [0]\nstudies: { a: { figure: method, variance: fixedGradientVariance, methods: [spos] } }',
    )
    expect(await refusalOf(() => loadExperiment(file))).toContain(
      'Expected at least 2 for training.varianceSteps, because a figure shows fixedGradientVariance, but received 0',
    )
    const set = ['training.varianceSteps=2']
    expect((await loadExperiment(file, { set })).cells).toHaveLength(1)
  })

  it('tells what is wrong with the settings of any cell, each mistake once', async () => {
    const file = write(`
seeds: [0, 1]
set: { training: { epochs: 0 } }
studies:
  m: { figure: method, methods: [spos, { label: odd, method: { name: pada, paths: random } }] }`)
    const text = await refusalOf(() => loadExperiment(file))
    expect(problemsIn(text)).toEqual([
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
