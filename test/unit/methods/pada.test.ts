import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { type PadaConfig, parseConfig } from '../../../src/config/index.js'
import type { Engine } from '../../../src/methods/index.js'
import { Pada } from '../../../src/methods/index.js'
import type { Batch, Plan, StepOptions, StepRecord } from '../../../src/native/index.js'
import {
  nasBench1Shot1,
  nasBench201,
  type OperationChoice,
  type Path,
  proxylessNas,
} from '../../../src/spaces/index.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 } })
const IMAGES = 10
const OPTIONS = {} as StepOptions

function pada(changes: object = {}, epochs = 4) {
  const config = parseConfig({ method: { name: 'pada', ...changes } }).method as PadaConfig
  return new Pada(config, { space, images: IMAGES, epochs, learningRate: 0.05, random: createRandom(0) })
}

/** An engine that notes paths and batches; the gradient norm of operation k's parameters is k, clipped to half. */
function spy() {
  const paths: Path[] = []
  const batches: Batch[] = []
  const plan = (path: Path) => {
    paths.push(path)
    const { instructions, idle } = space.program(path)
    const used = instructions.flatMap((each) => ('weight' in each ? [each.weight] : []))
    return { parameters: [...used, ...idle.filter((name) => name.endsWith('weight'))] } as unknown as Plan
  }
  const trainStep = async ({ parameters }: Plan, batch: Batch) => {
    batches.push(batch)
    const gradientNorms = Float64Array.from(parameters, (name) => Number(/\.(\d)\.op/.exec(name)?.[1] ?? 0))
    const importance = Float32Array.from(batch.indices, (index) => index / 10)
    return { gradientNorms, clipScale: 0.5, importance, loss: 1, correct: 0, globalNorm: 10 } as StepRecord
  }
  return { engine: { plan, supernet: { trainStep } } as unknown as Engine, paths, batches }
}

const batch = (...indices: number[]) => ({ indices: Int32Array.from(indices) }) as Batch

/** Steps until both convolutions occurred, so that the expected importances below do not depend on luck. */
async function epoch(method: Pada, engine: Engine, steps = 50) {
  for (let step = 0; step < steps; step++) await method.step(engine, batch(step % IMAGES, (step * 7) % IMAGES), OPTIONS)
}

describe('Pada', () => {
  it('samples uniformly until an epoch of positive strength has ended', async () => {
    const method = pada()
    const { engine } = spy()
    await epoch(method, engine)
    method.endEpoch(0)
    expect(method.pathDistribution).toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
    await epoch(method, engine)
    method.endEpoch(1)
    expect(method.pathDistribution).not.toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
  })

  it('gives δ·s/Σs + (1 − δ)/K at the end of an epoch, s from the clipped gradients of that epoch alone', async () => {
    const method = pada()
    const { engine, paths } = spy()
    await epoch(method, engine)
    method.endEpoch(0)
    paths.length = 0
    await epoch(method, engine)
    method.endEpoch(2)
    // Each occurrence sees three cells with norm k, halved by clipping, so g = 3k/2 in every step that uses k.
    const s = [0, 0, 0, 0, 0]
    for (const path of paths) for (const k of [2, 3]) if (path.includes(k)) s[k] = (s[k] + 1.5 * k) / 2
    const sum = s[2] + s[3]
    const expected = s.map((value) => expect.closeTo((0.5 * value) / sum + 0.5 / 5, 12))
    expect(method.pathDistribution).toEqual(expected)
  })

  it('draws the next epoch from τ·r/Σr + (1 − τ)/N, N images', async () => {
    const method = pada({ dataSchedule: { kind: 'constant', value: 1 } })
    const { engine } = spy()
    expect([...method.epochIndices()].sort((a, b) => a - b)).toEqual([...Array(IMAGES).keys()])
    await method.step(engine, batch(3, 3, 4), OPTIONS)
    method.endEpoch(0)
    const q = method.state().dataProbabilities
    const expected = Array.from({ length: IMAGES }, (_, i) => (i === 3 ? 3 / 7 : i === 4 ? 4 / 7 : 0))
    for (let i = 0; i < IMAGES; i++) expect(q[i]).toBeCloseTo(expected[i], 6)
    const indices = method.epochIndices()
    expect(indices).toHaveLength(IMAGES)
    expect(new Set(indices)).toEqual(new Set([3, 4]))
  })

  it('switches either half off', async () => {
    const paths = pada({ data: 'shuffle', pathSchedule: { kind: 'constant', value: 1 } })
    const data = pada({ paths: 'uniform', dataSchedule: { kind: 'constant', value: 1 } })
    for (const method of [paths, data]) {
      await epoch(method, spy().engine)
      method.endEpoch(3)
    }
    expect(paths.pathDistribution).not.toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
    expect([...paths.epochIndices()].sort((a, b) => a - b)).toEqual([...Array(IMAGES).keys()])
    expect(data.pathDistribution).toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
    expect(data.state().dataProbabilities[0]).toBe(0)
  })

  it('stays uniform where no operation with weights was sampled and no data seen', () => {
    const method = pada({ pathSchedule: { kind: 'constant', value: 1 }, dataSchedule: { kind: 'constant', value: 1 } })
    method.endEpoch(0)
    expect(method.pathDistribution).toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
    expect([...method.state().dataProbabilities]).toEqual(new Array(IMAGES).fill(0.1))
  })

  it('keeps one distribution per edge', async () => {
    const method = pada({ perEdge: true, pathSchedule: { kind: 'constant', value: 0.5 } })
    const { engine } = spy()
    await epoch(method, engine)
    method.endEpoch(0)
    const distributions = method.pathDistribution as number[][]
    expect(distributions).toHaveLength(6)
    for (const distribution of distributions) {
      expect(distribution.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
      expect(distribution.slice(0, 2)).toEqual([0.1, 0.1])
    }
  })

  it('draws connections uniformly, or by the norm of the gradients of their paths', async () => {
    const connected = nasBench1Shot1('nasbench1shot1-1', { channels: 2, cellsPerStage: 1 })
    const make = (changes: object) => {
      const settings = { name: 'pada', pathSchedule: { kind: 'constant', value: 1 }, ...changes } as const
      const config = parseConfig({ method: settings }).method as PadaConfig
      return new Pada(config, {
        space: connected,
        images: IMAGES,
        epochs: 4,
        learningRate: 0.05,
        random: createRandom(0),
      })
    }
    const [uniform, weighed] = [make({}), make({ connections: 'importance' })]
    const paths: Path[] = []
    // One candidate with a gradient of norm 4 + the output's option, clipped to half.
    const [{ name }] = connected.parameters().filter(({ operation }) => operation === 1)
    const plan = (path: Path) => ({ parameters: [name], path }) as unknown as Plan
    const trainStep = async (plan: Plan, { indices }: Batch) => {
      const { path } = plan as unknown as { path: Path }
      paths.push(path)
      const gradientNorms = Float64Array.of(4 + path[2])
      return { gradientNorms, clipScale: 0.5, importance: new Float32Array(indices.length) } as StepRecord
    }
    const engine = { plan, supernet: { trainStep } } as unknown as Engine
    const even = [3, 6, 10].map((options) => new Array(options).fill(1 / options))
    expect(weighed.connectionDistribution).toEqual(even)
    for (const method of [uniform, weighed]) {
      paths.length = 0
      await epoch(method, engine, 200)
      method.endEpoch(0)
    }
    expect(uniform.connectionDistribution).toEqual(even)
    const s = new Array<number>(10).fill(0)
    for (const path of paths) s[path[2]] = (s[path[2]] + (4 + path[2]) / 2) / 2
    const sum = s.reduce((a, b) => a + b)
    expect(weighed.connectionDistribution![2]).toEqual(s.map((value) => expect.closeTo(value / sum, 12)))
    // What was learned is part of the state.
    const resumed = make({ connections: 'importance' })
    resumed.restore(weighed.state())
    expect(resumed.connectionDistribution).toEqual(weighed.connectionDistribution)
  })

  it('says if importance of connections has no effect, because paths choose none', () => {
    expect(pada({}).warnings).toEqual([])
    expect(pada({ connections: 'importance' }).warnings).toEqual([
      'method.connections: importance has no effect, because paths of nasbench201 choose no connections',
    ])
  })

  it('keeps one distribution per intermediate where connections are chosen too', () => {
    const connected = nasBench1Shot1('nasbench1shot1-3', { channels: 2, cellsPerStage: 1 })
    const config = parseConfig({ method: { name: 'pada', perEdge: true } }).method as PadaConfig
    const method = new Pada(config, {
      space: connected,
      images: IMAGES,
      epochs: 4,
      learningRate: 0.05,
      random: createRandom(0),
    })
    expect(method.pathDistribution).toEqual(new Array(5).fill([1 / 3, 1 / 3, 1 / 3]))
  })

  it('reports per edge what paths are drawn from, so 0 for operations that an edge does not have', () => {
    const proxyless = proxylessNas({ input: { channels: 3, height: 32, width: 32 } })
    const config = parseConfig({ method: { name: 'pada', perEdge: true } }).method as PadaConfig
    const context = { space: proxyless, images: IMAGES, epochs: 4, learningRate: 0.05, random: createRandom(0) }
    const lists = new Pada(config, context).pathDistribution as number[][]
    const choices = proxyless.choices as readonly OperationChoice[]
    const reduced = choices.flatMap(({ operations }, i) => (operations.length < 7 ? [i] : []))
    expect(reduced).toHaveLength(6)
    for (const [i, { operations }] of choices.entries()) {
      const share = 1 / operations.length
      expect(lists[i]).toEqual(
        proxyless.operations.map((_, k) => (operations.includes(k) ? expect.closeTo(share, 15) : 0)),
      )
    }
  })

  it('sends no weights unless unbiased; then 1/(N·q) of the image times uniform/p of the path', async () => {
    const plain = spy()
    await pada().step(plain.engine, batch(0), OPTIONS)
    expect(plain.batches[0].weights).toBeUndefined()

    const constant = { kind: 'constant', value: 0.5 }
    const method = pada({ unbiased: true, pathSchedule: constant, dataSchedule: constant })
    const { engine, batches, paths } = spy()
    await method.step(engine, batch(1, 9), OPTIONS)
    for (const weight of batches[0].weights!) expect(weight).toBeCloseTo(1, 6)
    await epoch(method, engine)
    method.endEpoch(0)
    await method.step(engine, batch(1, 9), OPTIONS)
    const p = method.pathDistribution as number[]
    const q = method.state().dataProbabilities
    const ratio = paths.at(-1)!.reduce((product, k) => product * (0.2 / p[k]), 1)
    const expected = [1, 9].map((index) => ratio / (IMAGES * q[index]))
    batches.at(-1)!.weights!.forEach((weight, i) => void expect(weight / expected[i]).toBeCloseTo(1, 5))
  })

  it('measures importance of the loss itself, whatever it was weighted by', async () => {
    const { engine } = spy()
    const ratios: number[] = []
    const weighted = {
      plan: engine.plan,
      supernet: {
        trainStep: async (...args: Parameters<Engine['supernet']['trainStep']>) => {
          const record = await engine.supernet.trainStep(...args)
          // With shuffled data, the weights of a batch are the path's ratio alone.
          const ratio = (args[1] as Batch).weights![0]
          ratios.push(ratio)
          return { ...record, gradientNorms: record.gradientNorms.map((norm) => norm * ratio) }
        },
      },
    } as unknown as Engine
    const data = pada({ unbiased: true, data: 'shuffle', pathSchedule: { kind: 'constant', value: 0.5 } })
    await epoch(data, engine)
    data.endEpoch(0)
    await epoch(data, weighted, 200)
    expect(Math.max(...ratios)).toBeGreaterThan(2)
    const { pathImportance } = data.state()
    expect(pathImportance[2]).toBeCloseTo(3, 4)
    expect(pathImportance[3]).toBeCloseTo(4.5, 4)
  })

  it('continues exactly from its state', async () => {
    const changes = {
      unbiased: true,
      dataImportance: 'mean',
      pathSchedule: { kind: 'cosine' },
      dataSchedule: { kind: 'step' },
    }
    const a = pada(changes)
    const { engine } = spy()
    await epoch(a, engine)
    a.endEpoch(2)
    await epoch(a, engine, 5)
    const state = Object.fromEntries(Object.entries(a.state()).map(([name, values]) => [name, values.slice()]))
    const b = pada(changes)
    b.restore(state)
    a.endEpoch(3)
    b.endEpoch(3)
    expect(b.state()).toEqual(a.state())
    expect(b.pathDistribution).toEqual(a.pathDistribution)
  })
})
