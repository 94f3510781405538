import '../../support/fake-addon.js'
import { readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../../src/config/index.js'
import type { CandidateEvent, ResultEvent, SearchEvent } from '../../../src/search/events.js'
import type { SearchOptions } from '../../../src/search/search.js'
import { costOf } from '../../../src/spaces/cost.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { enumeratePaths } from '../../../src/spaces/path.js'
import { journal } from '../../support/fake-journal.js'
import { searchFolder } from '../../support/search-folder.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

const { at, out, read, run } = searchFolder()
const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 }, classes: 4 })
const cost = costOf(space)

const EVOLUTION = {
  algorithm: 'evolution',
  population: 10,
  generations: 4,
  parents: 3,
  mutations: 4,
  crossovers: 4,
} as const

const config = (finding: ConfigInput['finding'], changes: ConfigInput = {}) => tinyConfig({ finding, ...changes })

const candidates = (events: SearchEvent[]) =>
  events.filter((event): event is CandidateEvent => event.event === 'candidate')

async function resultOf(settings: ReturnType<typeof tinyConfig>, options: SearchOptions = {}): Promise<ResultEvent> {
  return (await collect(run(settings, options))).at(-1) as ResultEvent
}

describe('a search with finding', () => {
  const limits = { parameters: { min: 500, max: 2000 }, flops: 150_000 }

  it('sorts what it evaluated by accuracy and size, and evaluates the same', async () => {
    const tried = candidates(await collect(run(config({ ...EVOLUTION, limits, top: 5 }))))
    const sizes = tried.map(({ path }) => cost(path).parameters)
    const rankIn = (values: readonly number[], value: number) =>
      values.filter((other) => other < value).length + values.filter((other) => other === value).length / 2
    const sums = tried.map(
      ({ accuracy }, i) =>
        rankIn(
          tried.map((one) => one.accuracy),
          accuracy,
        ) + rankIn(sizes, sizes[i]),
    )
    const bySum = [...tried.keys()].sort((a, b) => sums[b] - sums[a] || tried[b].accuracy - tried[a].accuracy)
    const bySize = config({ ...EVOLUTION, limits, top: 5, by: 'accuracyAndParameters' })
    const { found } = await resultOf(bySize, { resume: out() })
    expect(found).toMatchObject({ by: 'accuracyAndParameters', evaluations: 40 })
    expect(found!.best.map(({ path }) => path)).toEqual(bySum.slice(0, 5).map((i) => tried[i].path))
    const fronts = read('run', 'found.csv')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',', 1)[0]))
    const distinct = [...new Set(sums)].sort((a, b) => b - a)
    expect(fronts).toEqual(bySum.map((i) => distinct.indexOf(sums[i]) + 1))
  })

  it('reports candidates and the best of them, and writes a table', async () => {
    const events = await collect(run(config({ ...EVOLUTION, limits, top: 5 })))
    const tried = candidates(events)
    expect(tried).toHaveLength(40)
    expect(tried.map(({ done, total }) => [done, total])).toEqual(tried.map((_, i) => [i + 1, 40]))
    expect(tried.at(-1)!.best).toBe(Math.max(...tried.map(({ accuracy }) => accuracy)))
    expect(new Set(tried.map(({ path }) => path.join())).size).toBe(40)
    for (const { path } of tried) {
      const { parameters, flops } = cost(path)
      expect(parameters).toBeGreaterThanOrEqual(500)
      expect(parameters).toBeLessThanOrEqual(2000)
      expect(flops).toBeLessThanOrEqual(150_000)
    }

    const result = events.at(-1) as ResultEvent
    expect(result.found).toMatchObject({ algorithm: 'evolution', evaluations: 40, objectives: ['accuracy'] })
    const { best } = result.found!
    expect(best).toHaveLength(5)
    expect(best.map(({ accuracy }) => accuracy)).toEqual(
      tried
        .map(({ accuracy }) => accuracy)
        .toSorted((a, b) => b - a)
        .slice(0, 5),
    )
    expect(best[0]).toEqual({
      path: best[0].path,
      arch: space.encode(best[0].path),
      accuracy: tried.at(-1)!.best,
      groundTruth: null,
      costs: cost(best[0].path),
    })
    expect(JSON.parse(read('run', 'summary.json'))).toEqual(result)
    const [header, first, ...rest] = read('run', 'found.csv').trim().split('\n')
    expect(header).toBe('front,path,arch,accuracy,parameters,multiplyAdds,flops,groundTruth,origin')
    expect(first.startsWith(`1,"${best[0].path.join()}",${best[0].arch},${best[0].accuracy},`)).toBe(true)
    expect(rest).toHaveLength(39)
    // The log keeps what matters.
    const logged = read('run', 'events.jsonl').trim().split('\n')
    expect(logged.map((line) => JSON.parse(line).event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'result'])
    expect(journal.disposed).toBe(journal.compiled)
  })

  it.each(['random', 'evolution', 'regularizedEvolution', 'localSearch'] as const)(
    '%s: stopped in the middle and resumed, it ends as an unbroken one',
    async (algorithm) => {
      const budget = algorithm === 'evolution' ? EVOLUTION : { algorithm, evaluations: 40 }
      const small = algorithm === 'regularizedEvolution' ? { population: 8, tournament: 3 } : {}
      const settings = config({ ...budget, ...small, limits } as ConfigInput['finding'])
      const unbroken = await resultOf(settings, { out: out('unbroken') })
      const controller = new AbortController()
      const broken = async () => {
        for await (const event of run(settings, { signal: controller.signal })) {
          if (event.event === 'candidate' && event.done === 17) controller.abort()
        }
      }
      await expect(broken()).rejects.toMatchObject({ name: 'AbortError' })
      const resumed = await resultOf(settings, { resume: out() })
      expect(timeless(resumed)).toEqual(timeless(unbroken))
      expect(read('run', 'found.csv')).toBe(read('unbroken', 'found.csv'))
      // Together both halves evaluated as much as the unbroken search.
      expect(journal.evaluated).toBe(2 * (read('run', 'evaluated.jsonl').split('\n').length - 2))
    },
  )

  it('gives a Pareto front of accuracy and a cost', async () => {
    const objectives = ['accuracy', 'parameters'] as const
    const result = await resultOf(config({ algorithm: 'random', evaluations: 60, objectives: [...objectives] }))
    const { best } = result.found!
    expect(best.length).toBeGreaterThan(1)
    for (let i = 1; i < best.length; i++) {
      expect(best[i].accuracy).toBeLessThan(best[i - 1].accuracy)
      expect(best[i].costs.parameters).toBeLessThan(best[i - 1].costs.parameters)
    }
  })

  it('is done apart, in other ways too, and leaves in the summary what the ranking said', async () => {
    const plain = await resultOf(tinyConfig())
    expect(plain.found).toBeUndefined()
    const settings = config({ ...EVOLUTION })
    const found = await resultOf(settings, { resume: out(), phases: ['find'] })
    expect(found).toMatchObject({ top: plain.top, ranked: 20, found: { evaluations: 40 } })
    // The result, the summary and the log say the same.
    const summary = JSON.parse(read('run', 'summary.json'))
    expect(summary).toEqual(found)
    expect(JSON.parse(read('run', 'events.jsonl').trim().split('\n').at(-1)!)).toEqual(found)
    expect(timeless(await resultOf(settings, { out: out('whole') }))).toEqual(timeless(summary))
    // A ranking afterwards leaves in turn what was found.
    await resultOf(tinyConfig({ ranking: { subModels: 5 } }), { resume: out(), phases: ['rank'] })
    expect(JSON.parse(read('run', 'summary.json'))).toMatchObject({ found: found.found, ranked: 5 })
  })

  it('adds its seconds to those of a ranking that it keeps', async () => {
    const plain = await resultOf(tinyConfig())
    const seconds = (file: string) =>
      read('run', file)
        .trim()
        .split('\n')
        .slice(1)
        .reduce((sum, line) => sum + JSON.parse(line).seconds, 0)
    const training = plain.seconds - seconds('evaluated.jsonl')
    const found = await resultOf(config({ algorithm: 'random', evaluations: 30, imageCount: 10 }), {
      resume: out(),
      phases: ['find'],
    })
    expect(found.seconds).toBeCloseTo(training + seconds('evaluated.jsonl') + seconds('evaluated-finding.jsonl'), 9)
    expect(seconds('evaluated-finding.jsonl')).toBeGreaterThan(0)
  })

  it('evaluates what the ranking evaluated no second time, unless it is to evaluate otherwise', async () => {
    const finding = { algorithm: 'random', evaluations: 30 } as const
    await resultOf(config(finding, { ranking: { subModels: 'all' } }))
    expect(journal.evaluated).toBe(9_445)
    await resultOf(config({ ...finding, imageCount: 10 }), { resume: out(), phases: ['find'] })
    expect(journal.evaluated).toBe(9_475)
    expect(read('run', 'evaluated-finding.jsonl').trim().split('\n')).toHaveLength(31)
    expect(read('run', 'evaluated.jsonl').trim().split('\n')).toHaveLength(9_446)
  })

  it('evaluates on held out images if there are any, apart from the ranking', async () => {
    const { test } = tinySplits
    const data = {
      ...tinySplits,
      validation: { ...test, images: test.images.slice(0, 64 * 8), labels: test.labels.slice(0, 8) },
    }
    const finding = { algorithm: 'random', evaluations: 30 } as const
    const result = await resultOf(config(finding, { ranking: { subModels: 'all' } }), { data })
    expect(journal.evaluated).toBe(9_445 + 30)
    expect(result.found!.best).toHaveLength(10)
    const [header, first] = read('run', 'evaluated-finding.jsonl')
      .split('\n')
      .map((line) => JSON.parse(line || '{}'))
    const { validation } = result.computedFrom.images
    expect(header).toMatchObject({ images: validation, weights: result.computedFrom.weights, imageCount: 8 })
    expect(first.count).toBe(8)
    const many = run(config({ ...finding, imageCount: 9 }), { data, out: out('other') })
    await expect(collect(many)).rejects.toThrow('Expected at most 8 validation images for finding.imageCount')
  })

  it('takes the ground truth of a path, or of its equal but for dead edges', async () => {
    const table = [...enumeratePaths(space)]
      .filter((_, i) => i % 7 === 0)
      .map((path, i) => [path.join(), 10 + i / 100] as const)
    const file = at('table.csv')
    writeFileSync(file, `arch,accuracy\n${table.map(([path, accuracy]) => `"${path}",${accuracy}\n`).join('')}`)
    const groundTruth = { file }
    const result = await resultOf(config({ algorithm: 'random', evaluations: 3000, top: 3000 }, { groundTruth }))
    const direct = new Map(table)
    const live = (path: string) => space.withoutDeadEdges!(path.split(',').map(Number)).join()
    // The first of those that differ in dead edges only.
    const equal = new Map(table.map(([path, accuracy]) => [live(path), accuracy] as const).toReversed())
    const hits = { direct: 0, equal: 0, none: 0 }
    for (const { path, groundTruth: found } of result.found!.best) {
      const key = path.join()
      hits[direct.has(key) ? 'direct' : equal.has(live(key)) ? 'equal' : 'none']++
      expect(found, key).toBe(direct.get(key) ?? equal.get(live(key)) ?? null)
    }
    expect(Math.min(...Object.values(hits))).toBeGreaterThan(100)
  })
})

describe('refusals', () => {
  it('refuses limits that no path meets before it leaves a trace', async () => {
    const impossible = config({ algorithm: 'random', limits: { parameters: 10 } })
    await expect(collect(run(impossible))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^Expected limits that some path of nasbench201 meets but received parameters ≤ 10: its paths have [\d,]+…[\d,]+$/,
      ),
    })
    const slow = config({ algorithm: 'random', limits: { latency: 1e-9 } })
    await expect(collect(run(slow))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/ meets but received latency ≤ 0\.000000001 ms: paths found have [\d.]+…[\d.,]+$/),
    })
    expect(readdirSync(at())).toEqual([])
  })

  it('refuses more images than there are, and to find without settings', async () => {
    await expect(collect(run(config({ algorithm: 'random', imageCount: 21 })))).rejects.toThrow(
      'Expected at most 20 test images for finding.imageCount but received 21',
    )
    await expect(collect(run(tinyConfig(), { phases: ['find'] }))).rejects.toThrow(
      'Expected an algorithm for finding.algorithm but received no settings of finding',
    )
    await expect(collect(run(config({ algorithm: 'random' }), { phases: ['find'] }))).rejects.toThrow(
      'Expected the run folder of a training for resume but received none',
    )
  })
})

describe('latency', () => {
  it('that no path has is refused in a run that goes on, whose settings stay as they were', async () => {
    await collect(run(tinyConfig()))
    const before = read('run', 'config.yaml')
    const impossible = config({ algorithm: 'random', limits: { latency: 1e-9 } })
    await expect(collect(run(impossible, { resume: out(), phases: ['find'] }))).rejects.toThrow(/ meets but received /)
    expect(read('run', 'config.yaml')).toBe(before)
  })

  const finding = {
    algorithm: 'random',
    evaluations: 12,
    objectives: ['accuracy', 'latency'],
    latency: { warmup: 1, repetitions: 5 },
  } satisfies ConfigInput['finding']

  it('is measured once per path and kept', async () => {
    const first = await resultOf(config({ ...finding, limits: { latency: 60_000 } }))
    const lines = read('run', 'latency.jsonl').trim().split('\n')
    expect(lines).toHaveLength(13)
    expect(JSON.parse(lines[0])).toMatchObject({ threads: 1, precision: 'float32', batchSize: 1, repetitions: 5 })
    // The ranking's, those before training that told that the limit can be met, and six per path.
    expect(journal.evaluated).toBeGreaterThanOrEqual(12 * 7)
    const before = journal.evaluated
    const again = await resultOf(config(finding), { resume: out(), phases: ['find'] })
    expect(journal.evaluated).toBe(before)
    // The second time without a limit.
    expect(again.found).toEqual({ ...first.found, limits: {} })
    for (const { costs } of first.found!.best) expect(costs.latency).toBeGreaterThan(0)
    expect(read('run', 'found.csv').split('\n')[0]).toContain('flops,latency,groundTruth')
  })

  it('is measured anew where it is measured otherwise', async () => {
    await resultOf(config(finding))
    const before = journal.evaluated
    const other = config({ ...finding, latency: { ...finding.latency, batchSize: 4 } })
    await resultOf(other, { resume: out(), phases: ['find'] })
    expect(journal.evaluated).toBe(before + 12 * 6)
  })
})

describe('recalibration', () => {
  const buffered = { ...space, buffers: () => [{ name: 'norm.mean', shape: [3], init: 0 }] }
  const finding = { algorithm: 'random', evaluations: 10 } as const

  it('makes running statistics anew for every path from the same training images', async () => {
    const settings = config(finding, { ranking: { recalibration: { images: 16, batchSize: 5 } } })
    const first = await resultOf(settings, { space: buffered })
    expect(journal.recalibrated).toHaveLength(journal.evaluated)
    const [indices, ...others] = journal.recalibrated
    expect(new Set(indices).size).toBe(16)
    expect(Math.max(...indices)).toBeGreaterThanOrEqual(20)
    for (const other of others) expect(other).toEqual(indices)
    const [key] = read('run', 'evaluated.jsonl').split('\n')
    const { train } = first.computedFrom.images
    expect(JSON.parse(key).recalibration).toEqual({ images: train, sample: expect.any(String), batches: 4 })
    // Nothing hangs on the order: alone, after the ranking, or resumed.
    const found = await resultOf(settings, { space: buffered, out: out('halves'), phases: ['train', 'find'] })
    expect(found.found).toEqual(first.found)
  })

  it('takes all training images where there are fewer, and none where so told', async () => {
    await resultOf(config(finding), { space: buffered })
    expect(journal.recalibrated[0].toSorted((a, b) => a - b)).toEqual([...Array(50).keys()])
    journal.recalibrated.length = 0
    const off = config(finding, { ranking: { recalibration: { images: 0 } } })
    await resultOf(off, { space: buffered, resume: out(), phases: ['rank', 'find'] })
    expect(journal.recalibrated).toHaveLength(0)
    expect(JSON.parse(read('run', 'evaluated.jsonl').split('\n')[0])).not.toHaveProperty('recalibration')
  })

  it('leaves a network that was trained alone its own statistics, and spaces without any alone', async () => {
    await resultOf(tinyConfig({ method: { name: 'standalone', path: [3, 0, 1, 2, 3, 4] } }), { space: buffered })
    await resultOf(config(finding), { out: out('plain') })
    expect(journal.recalibrated).toHaveLength(0)
  })
})
