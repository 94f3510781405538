import '../../../support/fake-addon.js'
import { beforeEach, describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src/base/random.js'
import { type ConfigInput, parseConfig } from '../../../../src/config/index.js'
import { type Close, createMethod, trainedSpace } from '../../../../src/methods/index.js'
import { Dataset, Supernet } from '../../../../src/native/index.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { nasBench1Shot1, nasBench201, type SearchSpace } from '../../../../src/spaces/index.js'
import { initialise } from '../../../../src/training/snapshot.js'
import { journal } from '../../../support/fake-journal.js'
import { isomorphismClasses } from '../../../support/isomorphism.js'
import { byName } from '../../../support/state.js'
import { tinyImages } from '../../../support/tiny.js'

const INPUT = { channels: 1, height: 8, width: 8 }
const space = nasBench201({ channels: 2, cellsPerStage: 1, input: INPUT, classes: 4 })
const STEP = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
  clipNorm: 5,
  unsampled: 'decay',
} as const
const PATH = [3, 2, 4, 1, 3, 2]

const warningsOf = (curriculum: number[], restart?: number, given: SearchSpace = space) => {
  const { method: config } = parseConfig({ method: { name: 'close', curriculum, restart } })
  const context = { space: given, images: 50, epochs: 5, learningRate: 0.05, random: createRandom(0) }
  return createMethod(config, context).warnings
}

async function open(settings: object = {}, given: SearchSpace = space) {
  const { method: config } = parseConfig({
    method: { name: 'close', curriculum: [1, 2, 4], ...settings } as ConfigInput['method'],
  })
  const random = createRandom(2)
  const method = createMethod(config, { space: given, images: 50, epochs: 5, learningRate: 0.05, random }) as Close
  const supernet = new Supernet(method.space.parameters())
  await initialise(supernet, random)
  const engine = { supernet, plan: () => expect.unreachable() }
  const batch = { dataset: new Dataset(tinyImages(50)), indices: Int32Array.of(0, 1, 2) }
  const steps = async (count: number) => {
    for (let i = 0; i < count; i++) await method.step(engine, batch, STEP)
  }
  const weights = async () => byName(supernet.specs, await supernet.read('parameters'))
  return { method, supernet, engine, steps, weights, random }
}

beforeEach(() => {
  journal.steps.length = 0
})

describe('the curriculum', () => {
  it('says which blocks no epoch adds', () => {
    expect(warningsOf([1, 3, 5])).toEqual([])
    expect(warningsOf([1, 6, 9])).toEqual([
      'method.curriculum adds 2 of 3 blocks of weights in epochs 6, 9, but training has 5 epochs',
    ])
  })

  it('says if its restart comes after the last epoch', () => {
    expect(warningsOf([1, 3], 5)).toEqual([])
    expect(warningsOf([1, 3], 6)).toEqual(['method.restart is epoch 6, but training has 5 epochs'])
  })

  it('says that sharing has no effect, because the blocks and costs are the same without', async () => {
    const shared = nasBench201({ channels: 2, cellsPerStage: 1, input: INPUT, classes: 4, sharing: 'perCell' })
    expect(warningsOf([1, 3], 5, shared)).toEqual([
      'space.sharing: perCell has no effect, because the blocks of method close take the place of the sharing',
    ])
    const [one, other] = [(await open()).method.space, (await open({}, shared)).method.space]
    expect(other.parameters()).toEqual(one.parameters())
    expect(other.program(PATH)).toEqual(one.program(PATH))
    expect(costOf(other)(PATH)).toEqual(costOf(one)(PATH))
  })

  it('opens a block at its epochs, as a copy of the one before it', async () => {
    const { method, engine, steps, weights } = await open()
    const names = method.space.parameters().map(({ name }) => name)
    const blockOf = (name: string) => Number(/\.blocks\.(\d)\./.exec(name)?.[1] ?? -1)
    expect(new Set(names.map(blockOf))).toEqual(new Set([-1, 0, 1, 2]))
    for (let epoch = 0; epoch < 4; epoch++) {
      const before = await weights()
      await method.beginEpoch(epoch, engine)
      const after = await weights()
      const opened = [undefined, 1, undefined, 2][epoch]
      for (const name of names) {
        if (opened !== undefined && blockOf(name) === opened) {
          expect(before.get(name)!.every((value) => value === 0)).toBe(true)
          expect(after.get(name)).toEqual(before.get(name.replace(`blocks.${opened}`, `blocks.${opened - 1}`)))
          expect(after.get(name)!.some((value) => value !== 0)).toBe(true)
        } else expect(after.get(name), name).toEqual(before.get(name))
      }
      await steps(5)
      const open = [1, 2, 2, 3][epoch]
      for (const { parameters, batch } of journal.steps) {
        const used = new Set(parameters.map(blockOf).filter((block) => block >= 0))
        if (used.size > 0) expect(used).toEqual(new Set(Array.from({ length: open }, (_, i) => i)))
        // One block of each edge that has a choice.
        const { mixing = [] } = batch
        expect([...mixing].filter((coefficient) => coefficient === 1)).toHaveLength(mixing.length / open)
        expect([...mixing].filter((coefficient) => coefficient !== 0)).toHaveLength(mixing.length / open)
        if (open === 1) expect(mixing).toHaveLength(0)
      }
      journal.steps.length = 0
    }
  })

  it('adds to random weights where it is set to', async () => {
    const { method, engine, weights } = await open({ inheritance: 'add' })
    const before = await weights()
    await method.beginEpoch(1, engine)
    const after = await weights()
    const name = 'cells.2.blocks.1.3.op.1.weight'
    const sum = before.get(name)!.map((value, i) => value + before.get(name.replace('.1.3.', '.0.3.'))![i])
    expect(before.get(name)!.some((value) => value !== 0)).toBe(true)
    expect(after.get(name)).toEqual(sum)
  })

  it('opens nothing twice when an epoch begins twice', async () => {
    const { method, engine, weights } = await open()
    await method.beginEpoch(1, engine)
    const once = await weights()
    await method.beginEpoch(1, engine)
    expect(await weights()).toEqual(once)
  })

  it('forgets momentum at its restart, and begins the schedule anew', async () => {
    const { method, engine, steps, supernet } = await open({ restart: 3 })
    expect(method.scheduleRestarts).toEqual([2])
    await method.beginEpoch(0, engine)
    await method.beginEpoch(1, engine)
    await steps(3)
    const gateMomentum = () => method.state().gateMomentum.some((value) => value !== 0)
    expect(gateMomentum()).toBe(true)
    await method.beginEpoch(2, engine)
    expect((await supernet.read('momentum')).every((value) => value === 0)).toBe(true)
    expect(gateMomentum()).toBe(false)
    await steps(3)
    await method.beginEpoch(4, engine)
    expect((await supernet.read('momentum')).some((value) => value !== 0)).toBe(true)
  })

  it('restarts with the published curriculum unless told otherwise', async () => {
    const restarts = async (settings: object) => (await open(settings)).method.scheduleRestarts
    expect(await restarts({})).toEqual([])
    expect(await restarts({ curriculum: [1, 201, 401] })).toEqual([400])
    expect(await restarts({ curriculum: [1, 201, 401], restart: 'never' })).toEqual([])
  })
})

describe('the paths', () => {
  it('are representatives of their classes unless they are drawn uniformly', async () => {
    const representatives = isomorphismClasses(space)
    const drawn = async (sampling: string) => {
      const { method, engine, supernet } = await open({ sampling })
      const paths: string[] = []
      const compile = supernet.compile.bind(supernet)
      supernet.compile = (program) => {
        paths.push(JSON.stringify(program))
        return compile(program)
      }
      await method.beginEpoch(0, engine)
      const batch = { dataset: new Dataset(tinyImages(50)), indices: Int32Array.of(0) }
      for (let i = 0; i < 300; i++) await method.step(engine, batch, STEP)
      return paths
    }
    const blocks = space.withBlocks(3, { startAtZero: true })
    const known = new Set([...representatives].map((path) => JSON.stringify(blocks.mixed(path, 1, { dropout: 0.1 }))))
    expect((await drawn('deIsomorphic')).every((program) => known.has(program))).toBe(true)
    expect((await drawn('uniform')).every((program) => known.has(program))).toBe(false)
  })

  it('have the reported shares of operations', async () => {
    const { method } = await open({ sampling: 'deIsomorphic' })
    const paths = [...isomorphismClasses(space)]
    const shares = [0, 1, 2, 3, 4].map(
      (operation) => paths.flat().filter((taken) => taken === operation).length / paths.flat().length,
    )
    expect(method.pathDistribution).toEqual(shares.map((share) => expect.closeTo(share, 12)))
    expect((await open({ sampling: 'uniform' })).method.pathDistribution).toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
  })
})

describe('what is learned', () => {
  it('decides which blocks a path takes, also after it is restored, and in a file of weights', async () => {
    const { method, engine, steps, weights } = await open()
    await method.beginEpoch(3, engine)
    await steps(40)
    const program = method.space.program(PATH)
    expect(program.instructions.some(({ op }) => op === 'mix' || op === 'dropout')).toBe(false)
    const other = await open()
    expect(other.method.space.program(PATH)).not.toEqual(program)
    other.method.restore(structuredClone(method.state()))
    expect(other.method.space.program(PATH)).toEqual(program)
    expect(other.method.state()).toEqual(method.state())
    const tensors = new Map(
      [...(await weights())].map(([name, data]) => [name, { shape: [data.length], data }] as const),
    )
    const { space: read, own } = trainedSpace(space, new Map([...tensors, ...method.weights()]))
    expect(read.program(PATH)).toEqual(program)
    expect(read.parameters()).toEqual(method.space.parameters().map((spec) => ({ ...spec, init: expect.anything() })))
    expect(own).toEqual(new Set(method.weights().keys()))
    expect(trainedSpace(read, method.weights()).space).toBe(read)
    expect(trainedSpace(space, tensors)).toEqual({ space, own: new Set() })
  })

  it('is taken from weights by another training, unless its curriculum has fewer blocks', async () => {
    const { method, engine, steps } = await open()
    await method.beginEpoch(3, engine)
    await steps(20)
    const other = await open()
    expect(other.method.takeWeights(new Map())).toEqual(new Set())
    expect(other.method.takeWeights(method.weights())).toEqual(new Set(method.weights().keys()))
    expect(other.method.weights()).toEqual(method.weights())
    expect(other.method.space.program(PATH)).toEqual(method.space.program(PATH))
    const short = await open({ curriculum: [1, 2] })
    expect(() => short.method.takeWeights(method.weights())).toThrow(
      'Expected at least 3 epochs, one for each block that the gate knows, for method.curriculum but received 1, 2',
    )
  })

  it('does not make blocks of a damaged name', async () => {
    const { method } = await open()
    const weights = new Map(method.weights())
    for (const block of [1, 999_999_999]) weights.set(`cells.0.blocks.${block}.3.op.1.bias`, weights.get('gate.input')!)
    const parameters = trainedSpace(space, weights).space.parameters()
    const blocks = parameters.flatMap(({ name }) => /\.blocks\.(\d+)\./.exec(name)?.[1] ?? [])
    expect(new Set(blocks)).toEqual(new Set(['0', '1']))
  })

  it('leaves what a path costs as it is', async () => {
    const { method } = await open()
    expect(costOf(method.space)(PATH)).toEqual(costOf(space)(PATH))
    expect(costOf(method.space, { published: true })(PATH)).toEqual(costOf(space, { published: true })(PATH))
  })
})

describe('settings', () => {
  it('are refused where they fit nothing', async () => {
    const other = nasBench1Shot1('nasbench1shot1-1', { channels: 2, cellsPerStage: 1, input: INPUT, classes: 4 })
    await expect(open({}, other)).rejects.toThrow(
      'Expected nasbench201 for space.name with method close but received nasbench1shot1-1',
    )
    for (const curriculum of [[], [2, 3], [1, 3, 3]]) {
      await expect(open({ curriculum })).rejects.toThrow(/curriculum/)
    }
  })
})
