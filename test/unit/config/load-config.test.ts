/** Settings from files, assignments and code together. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig, loadRetrainConfig, nameOfFile, parseConfig } from '../../../src/config/index.js'
import { configFolder } from '../../support/config-folder.js'

const configs = configFolder()
const { file, refusal } = configs

describe('loadConfig', () => {
  it('takes names of the package', async () => {
    expect(await loadConfig({ file: 'nasbench201-smoke' })).toMatchObject({ name: 'nasbench201-smoke' })
    expect(await loadRetrainConfig({ file: 'retrain-smoke' })).toMatchObject({ name: 'retrain-smoke' })
  })

  it('refuses the name of a file in place of its options', async () => {
    for (const load of [loadConfig, loadRetrainConfig]) {
      expect(await refusal(() => load('search.yaml' as never))).toBe(
        `Expected a group such as { file: "search.yaml" } for the options of ${load.name} but received "search.yaml"`,
      )
    }
  })

  it('takes the name of the file, and paths relative to it', async () => {
    const config = await loadConfig({
      file: file('data: { format: cifar10, dir: images }\ngroundTruth: { file: tables/t.csv, column: test }\n'),
    })
    expect(config.name).toBe('my-search')
    expect(config.data.dir).toBe(join(configs.folder, 'images'))
    expect(config.groundTruth).toEqual({ file: join(configs.folder, 'tables/t.csv'), column: 'test' })
  })

  it('lets --set win over the file and overrides over both; paths there are relative to the working directory', async () => {
    const config = await loadConfig({
      file: file('seed: 1\ntraining: { epochs: 5, batchSize: 8 }\nmethod: { name: pada, perEdge: true }\n'),
      set: [
        'training.epochs=6',
        'seed=2',
        'data.format=cifar10',
        'data.dir=images',
        'method={name: spos}',
        'ranking.subModels=all',
      ],
      overrides: { seed: 3, training: { optimizer: { kind: 'sgd', momentum: 0.5 } } },
    })
    expect(config.seed).toBe(3)
    expect(config.training).toMatchObject({
      epochs: 6,
      batchSize: 8,
      optimizer: { kind: 'sgd', momentum: 0.5, weightDecay: 2.5e-4 },
    })
    expect(config.data.dir).toBe(resolve('images'))
    expect(config.method).toEqual({ name: 'spos', sampling: 'uniform' })
  })

  it('keeps the name of the embedded table', async () => {
    const config = await loadConfig({ file: file('groundTruth: { file: embedded }') })
    expect(config.groundTruth).toEqual({ file: 'embedded' })
  })

  it.each([
    ['idx', { set: ['data.format=idx', 'data.dir=x'] }],
    ['npz', { set: ['data={format: npz, dir: x}'] }],
    ['folder', { overrides: { data: { format: 'folder', dir: 'x' } } }],
  ] as const)('takes from the default file nothing that is about its data, for %s', async (format, sources) => {
    const lines: string[] = []
    const config = await loadConfig({ ...sources, log: (line) => lines.push(line) })
    expect(config.data).toEqual({ format, dir: resolve('x') })
    expect(config.groundTruth).toBeUndefined()
    expect(config.ranking).toMatchObject({ subModels: 200, batchSize: 500 })
    expect(config.ranking.imageCount).toBeUndefined()
    expect(config.name).toBe('search')
    expect(config.training.epochs).toBe(40)
    expect(lines).toEqual([
      `Left out the default settings of the embedded data, because data.format is ${format}: ` +
        '200 random sub-models are ranked (fewer if some compute the same), without ground truth',
    ])
  })

  it('keeps what is set over the default file for other data, and its choice of sub-models for another table', async () => {
    const lines: string[] = []
    const { data, groundTruth, ranking, name } = await loadConfig({
      set: ['data={format: idx, dir: x, padTo: 30}', 'groundTruth.file=t.csv', 'ranking.imageCount=50', 'name=mine'],
      log: (line) => lines.push(line),
    })
    expect(data).toEqual({ format: 'idx', dir: resolve('x'), padTo: 30 })
    expect(groundTruth).toEqual({ file: resolve('t.csv') })
    expect(ranking).toMatchObject({ subModels: 'groundTruth', imageCount: 50 })
    expect(name).toBe('mine')
    expect(lines).toEqual(['Left out the default settings of the embedded data, because data.format is idx'])
  })

  it('leaves the embedded table out for another space, unless the table is named too', async () => {
    const lines: string[] = []
    const log = (line: string) => lines.push(line)
    const { name, data, groundTruth, ranking } = await loadConfig({ set: ['space.name=nasbench-macro'], log })
    expect(name).toBe('search')
    expect(data).toEqual({ format: 'embedded', padTo: 32, downsample: 2 })
    expect(groundTruth).toBeUndefined()
    expect(ranking).toMatchObject({ subModels: 200, imageCount: 1000 })
    expect(lines).toEqual([
      'Left out the embedded ground truth, because space.name is nasbench-macro: ' +
        '200 random sub-models are ranked (fewer if some compute the same), without ground truth',
    ])
    const overrides = { space: { name: 'darts' }, ranking: { subModels: 7 } } as const
    expect((await loadConfig({ overrides, log })).ranking.subModels).toBe(7)
    expect(lines[1]).toMatch(/space\.name is darts: 7 random sub-models/)
    const named = await loadConfig({ set: ['space.name=darts', 'groundTruth.file=embedded'], log })
    expect(named.groundTruth).toEqual({ file: 'embedded' })
    await loadConfig({ set: ['space.name=darts', 'groundTruth=null', 'ranking.subModels=5'], log })
    expect(lines).toHaveLength(2)
  })

  it('says what it leaves out of a named file, whose data are others', async () => {
    const lines: string[] = []
    const written = file('data: { format: embedded, padTo: 32, validationCount: 300 }')
    const { data } = await loadConfig({
      ...{ file: written, set: ['data.format=folder', 'data.dir=x', 'data.size=32'] },
      log: (line) => lines.push(line),
    })
    expect(data).toEqual({ format: 'folder', dir: resolve('x'), size: 32 })
    expect(lines).toEqual([`Left out data.padTo, data.validationCount of ${written}, because data.format is folder`])
    await loadConfig({ file: written, set: ['data.padTo=28'], log: (line) => lines.push(line) })
    expect(lines).toHaveLength(1)
  })

  it('refuses a source of another name, which would not be read', async () => {
    expect(await refusal(() => loadConfig({ config: 'nasbench201-smoke' } as never))).toBe(
      'Expected file, set, overrides, defaults, log for the options of loadConfig but received "config"',
    )
  })

  it('keeps the default file whole for the embedded data', async () => {
    const lines: string[] = []
    const config = await loadConfig({ set: ['data.format=embedded'], log: (line) => lines.push(line) })
    expect(config.data).toEqual({ format: 'embedded', padTo: 32, downsample: 2 })
    expect(config.groundTruth).toEqual({ file: 'embedded' })
    expect(lines).toEqual([])
  })

  it('refuses a folder of images whose format is not named', async () => {
    expect(await refusal(() => loadConfig({ set: ['data.dir=images'] }))).toContain(
      'Expected the format of the files, such as folder or cifar10, because data.dir names a folder, for data.format',
    )
  })

  it('refuses the embedded table that is named beside other data', async () => {
    const sentence =
      'Expected a table of these data, because data.format is idx, for groundTruth.file but received "embedded"'
    const data = ['data.format=idx', 'data.dir=x']
    const named = file('groundTruth: { file: embedded }')
    expect(await refusal(() => loadConfig({ file: named, set: data }))).toBe(`${sentence} (my-search.yaml)`)
    const byDefault = await refusal(() => loadConfig({ set: [...data, 'groundTruth.file=embedded'] }))
    expect(byDefault).toContain(sentence)
    expect(
      await refusal(() => parseConfig({ data: { format: 'idx', dir: 'x' }, groundTruth: { file: 'embedded' } })),
    ).toContain(sentence)
  })

  it('refuses files that are missing, no YAML, or no settings', async () => {
    expect(await refusal(() => loadConfig({ file: join(configs.folder, 'none.yaml') }))).toBe(
      'Expected a readable YAML file for --config but received no such file: none.yaml; npx pada-native config --list names those of the package',
    )
    expect(await refusal(() => loadConfig({ file: file('a: 1\nb: [1,\n') }))).toMatch(
      /^Expected valid YAML for my-search.yaml but received an error in line \d: /,
    )
    expect(await refusal(() => loadConfig({ file: file('seed: 1\nseed: 2\n') }))).toMatch(/error in line 2: .*unique/)
    expect(await refusal(() => loadConfig({ file: file(`# ${'x'.repeat(2 ** 20)}`) }))).toBe(
      'Expected a YAML file of at most 1 MB for --config but received 1048578 bytes: my-search.yaml',
    )
    expect(await refusal(() => loadConfig({ file: file('[1, 2]') }))).toBe(
      'Expected a group of settings in my-search.yaml but received [1,2]',
    )
    const bytes = join(configs.folder, 'bytes.yaml')
    writeFileSync(bytes, Uint8Array.of(0x73, 0xff, 0x00, 0x3a))
    expect(await refusal(() => loadConfig({ file: bytes }))).toBe(
      'Expected YAML in UTF-8 for bytes.yaml but received bytes that are no such text',
    )
  })
})

describe('other data than the embedded ones', () => {
  const written = 'data: { format: embedded, padTo: 32, downsample: 2 }\nmethod: { name: spos }'
  const other = { format: 'npz', dir: '/mine.npz' } as const

  it.each<[string, Parameters<typeof loadConfig>[0]]>([
    ['--set data.format=…', { set: ['data.dir=/mine.npz', 'data.format=npz'] }],
    ['--set data={…}', { set: ['data={format: npz, dir: /mine.npz}'] }],
    ['overrides', { overrides: { data: other } }],
  ])('have nothing of them: %s', async (_, sources) => {
    const { data, method } = await loadConfig({ file: file(written), ...sources })
    expect(data).toEqual(other)
    expect(method.name).toBe('spos')
  })

  it('are told by their format only', async () => {
    const { data } = await loadConfig({ file: file(written), set: ['data.trainCount=10'] })
    expect(data).toMatchObject({ padTo: 32, downsample: 2, trainCount: 10 })
    const another = file('data: { format: npz, dir: /a.npz, trainCount: 9 }')
    const kept = await loadConfig({ file: another, set: ['data.format=folder', 'data.size=8'] })
    expect(kept.data).toMatchObject({ format: 'folder', trainCount: 9 })
  })
})

describe('YAML that is no settings', () => {
  it.each([
    ['seed: 1\n---\nseed: 2', /^Expected one YAML document for my-search.yaml but received several, with --- between/],
    ['data: *missing', /^Expected valid YAML for my-search.yaml but received an error: Unresolved alias/],
    ['data: &a [*a]', /^Expected valid YAML for my-search.yaml but received an error: a value that contains itself/],
    ['{ a: 1 }: 2', /^Expected text for every key for my-search.yaml but received a key that is a list or a group/],
    ['training: { constructor: 1 }', /received "constructor"/],
    ['data: !!binary aGk=', /^Expected a group of settings for data but received "aGk="/],
    ['method: { kind: spos }', /received nothing: write `name: spos`, not `kind: spos` \(my-search.yaml\)$/],
  ])('%s', async (text, sentence) => {
    expect(await refusal(() => loadConfig({ file: file(text) }))).toMatch(sentence)
  })

  it('does not change other objects', async () => {
    const text = 'training: { __proto__: { polluted: 1 } }'
    expect(await refusal(() => loadConfig({ file: file(text) }))).toBe(
      'Expected the names of settings for my-search.yaml but received "__proto__"',
    )
    const overrides = JSON.parse('{ "__proto__": { "polluted": 1 } }')
    expect(await refusal(() => loadConfig({ file: file(''), overrides }))).toBe(
      'Expected the names of settings for the settings but received "__proto__"',
    )
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('configs/', () => {
  const shipped = (name: string) => resolve('configs', name)
  const place = ['data.dir=x', 'groundTruth.file=y', 'groundTruth.column=cifar10_test']

  it("has the paper's configuration, which is the default of every setting", async () => {
    const config = await loadConfig({ file: shipped('nasbench201-cifar10.yaml'), set: place })
    expect(config.name).toBe('nasbench201-cifar10')
    const { training, space, ranking, method } = parseConfig({})
    expect(config).toMatchObject({ training, space, ranking, method })
  })

  it('has a short one of it, and a default on embedded data; each also for SPOS', async () => {
    const short = await loadConfig({ file: shipped('nasbench201-cifar10-short.yaml'), set: place })
    // Seven epochs of 1,563 steps: the “some 10,000 updates” that its comment promises.
    expect(short.training.epochs * Math.ceil(50_000 / short.training.batchSize)).toBe(10_941)
    const fashion = await loadConfig({ set: ['method.name=spos'] })
    expect(fashion.method).toEqual({ name: 'spos', sampling: 'uniform' })
    const bySize = await loadConfig({ set: ['method.sampling=modelSize', 'method.name=spos'] })
    expect(bySize.method).toEqual({ name: 'spos', sampling: 'modelSize' })
    const inCode = await loadConfig({ overrides: { method: { name: 'spos' } } })
    expect(inCode.method).toEqual({ name: 'spos', sampling: 'uniform' })
    const same = await loadConfig({
      set: ['method.name=pada'],
      overrides: { method: { name: 'pada', data: 'shuffle' } },
    })
    expect(same.method).toMatchObject({ data: 'shuffle', dataSchedule: { kind: 'linear', end: 0.5 } })
    expect(fashion.groundTruth?.file).toBe('embedded')
  })

  it('has one of NAS-Bench-Macro, and small ones of it and of ProxylessNAS on embedded data', async () => {
    const macro = await loadConfig({ file: shipped('nasbench-macro-cifar10.yaml'), set: ['data.dir=x'] })
    expect(macro.space).toEqual({ name: 'nasbench-macro', channels: 32 })
    for (const name of ['nasbench-macro', 'proxylessnas'] as const) {
      const { space, data } = await loadConfig({ file: shipped(`${name}-smoke.yaml`) })
      expect([space.name, data.format]).toEqual([name, 'embedded'])
    }
  })

  it('names files after their searches', async () => {
    const macro = ['nasbench-macro-cifar10', 'nasbench-macro-smoke']
    const proxyless = ['proxylessnas-imagenet', 'proxylessnas-smoke']
    const nasbench201 = ['nasbench201-cifar10', 'nasbench201-cifar10-short', 'nasbench201-fashion']
    for (const name of [...nasbench201, ...macro, ...proxyless]) {
      expect(parse(readFileSync(shipped(`${name}.yaml`), 'utf8')).name).toBe(name)
    }
  })
})

it('a file may have any name: the name of the search is made of it', () => {
  const names = {
    'my search (1).yaml': 'my-search-1',
    'größe.yaml': 'größe',
    'a/b.c-d.yml': 'b.c-d',
    '!.yaml': 'search',
  }
  for (const [file, name] of Object.entries(names)) {
    expect(nameOfFile(file)).toBe(name)
    expect(parseConfig({ name }).name).toBe(name)
  }
})
