import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packageRoot } from '../../../src/base/folders.js'
import { copyOfShipped, findConfig, shippedConfigs } from '../../../src/config/shipped.js'
import { loadExperiment } from '../../../src/experiment/load.js'

const folder = mkdtempSync(join(tmpdir(), 'pada-shipped-'))
afterAll(() => rmSync(folder, { recursive: true }))
const shipped = (name: string) => join(packageRoot, 'configs', `${name}.yaml`)

it('a name is one of the package, with or without .yaml', () => {
  expect(findConfig('nasbench201-smoke')).toBe(shipped('nasbench201-smoke'))
  expect(findConfig('nasbench201-smoke.yaml')).toBe(shipped('nasbench201-smoke'))
  expect(findConfig('experiments/first')).toBe(shipped('experiments/first'))
})

it('of two files of one name, the folder decides', () => {
  const name = 'nasbench201-cifar10-short'
  expect(findConfig(name)).toBe(shipped(name))
  expect(findConfig(name, { folder: 'experiments' })).toBe(shipped(`experiments/${name}`))
  expect(findConfig(`experiments/${name}`, { folder: 'experiments' })).toBe(shipped(`experiments/${name}`))
})

it('a file comes before a name, a folder does not', () => {
  const file = join(folder, 'nasbench201-smoke')
  writeFileSync(file, '')
  expect(findConfig('nasbench201-smoke', { base: folder })).toBe(file)
  rmSync(file)
  mkdirSync(file)
  expect(findConfig('nasbench201-smoke', { base: folder })).toBe(shipped('nasbench201-smoke'))
})

it.each(['nothere', './nasbench201-smoke', '../configs/schema', 'configs/nasbench201', '/nasbench201-smoke'])(
  '%s is no name, and stays',
  (name) => {
    expect(findConfig(name)).toBe(name)
  },
)

it('an experiment names the settings file that it starts from by a path or a name', async () => {
  writeFileSync(join(folder, 'mine.yaml'), 'space: { name: nasbench201, channels: 4 }\ndata: { format: embedded }\n')
  for (const [config, channels] of [
    ['mine.yaml', 4],
    ['nasbench201-smoke', 8],
  ] as const) {
    const file = join(folder, 'experiment.yaml')
    writeFileSync(file, `config: ${config}\nseeds: [0]\nstudies: { one: { figure: method, methods: [spos] } }\n`)
    const [cell] = (await loadExperiment(file)).cells
    expect(cell.config.space).toMatchObject({ channels })
  }
})

it('every experiment of the package starts from a file of the package', async () => {
  const experiments = shippedConfigs().filter(({ command }) => command === 'experiment')
  expect(experiments.length).toBeGreaterThan(4)
  for (const { file } of experiments) {
    const set = ['data.dir=.', 'groundTruth.file=x.csv'].filter(() => !/evidence|first/.test(file))
    expect((await loadExperiment(file, { set })).cells.length, file).toBeGreaterThan(3)
  }
})

it('a copy names its schema from where it lies', () => {
  const text = copyOfShipped(shipped('nasbench201-smoke'), join(packageRoot, 'mine.yaml'))
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=configs/schema.json')
})
