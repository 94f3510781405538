/** CLOSE's supernet beside what it must equal: maximal sharing at first, and the sub-model that a choice of blocks makes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { parseConfig } from '../../src/config/index.js'
import { loadSplits } from '../../src/data/index.js'
import { assignment } from '../../src/methods/close/space.js'
import { Close } from '../../src/methods/index.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import type { SearchResult } from '../../src/search/events.js'
import { evaluateLogits, infer } from '../../src/search/inference.js'
import { search } from '../../src/search/search.js'
import { createSpace, nasBench201 } from '../../src/spaces/index.js'
import { initialise } from '../../src/training/snapshot.js'
import { readWeights } from '../../src/weights/read-weights.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'
import { byName } from '../support/state.js'

const SIZE = { channels: 8, cellsPerStage: 1, input: { channels: 3, height: 16, width: 16 }, classes: 4 }
const COUNT = 12
const PATHS = [
  [3, 2, 4, 1, 3, 2],
  [3, 3, 0, 2, 0, 3],
  [1, 4, 0, 1, 0, 4],
  [2, 0, 0, 0, 0, 3],
]
const indices = Int32Array.from({ length: COUNT }, (_, i) => i)
const images = randomFloats(randomNumbers(4), COUNT * 3 * 16 * 16, 2)
const labels = indices.map((i) => i % SIZE.classes)

/** Values of an edge's coefficients that take one block. */
const oneHot = (choices: readonly number[], open: number) =>
  Float32Array.from(choices.flatMap((choice) => Array.from({ length: open }, (_, i) => (i === choice ? 1 : 0))))

describe('the supernet of CLOSE', () => {
  it('with one block is the one whose cells share all weights', async () => {
    const shared = nasBench201({ ...SIZE, sharing: 'perCell' })
    const blocks = nasBench201(SIZE).withBlocks(3, { startAtZero: true })
    using dataset = new Dataset({ ...SIZE.input, images, labels })
    using close = new Supernet(blocks.parameters())
    using maximal = new Supernet(shared.parameters())
    await initialise(close, createRandom(3))
    const weights = byName(close.specs, await close.read('parameters'))
    await maximal.write('parameters', Float32Array.from(maximal.specs.flatMap(({ name }) => [...weights.get(name)!])))
    for (const path of PATHS) {
      using first = maximal.compile(shared.program(path))
      using mixed = close.compile(blocks.mixed(path, 1))
      using assigned = close.compile(
        blocks.assigned(
          path,
          blocks
            .graph(path)
            .edges.filter((edge) => edge.draws)
            .map(() => 0),
        ),
      )
      expect([...mixed.parameters].sort()).toEqual([...first.parameters].sort())
      const logits = await maximal.logits(first, dataset, indices)
      expect(await close.logits(mixed, dataset, indices)).toEqual(logits)
      expect(await close.logits(assigned, dataset, indices)).toEqual(logits)
      await maximal.accumulate(first, { dataset, indices })
      await close.accumulate(mixed, { dataset, indices })
      const expected = byName(maximal.specs, await maximal.read('gradients'))
      const received = byName(close.specs, await close.read('gradients'))
      for (const [name, gradient] of received) {
        expect(gradient, name).toEqual(expected.get(name) ?? new Float32Array(gradient.length))
      }
      for (const net of [maximal, close]) await net.write('gradients', (await net.read('gradients')).fill(0))
    }
  })

  it('trains the sub-model of the blocks that are chosen, whatever the others hold', async () => {
    const blocks = nasBench201(SIZE).withBlocks(3)
    using dataset = new Dataset({ ...SIZE.input, images, labels })
    using net = new Supernet(blocks.parameters())
    await initialise(net, createRandom(5))
    for (const path of PATHS) {
      const drawing = blocks.graph(path).edges.filter(({ draws }) => draws)
      const choices = drawing.map((_, i) => (2 * i + 1) % 3)
      using mixed = net.compile(blocks.mixed(path, 3))
      using assigned = net.compile(blocks.assigned(path, choices))
      const gradientsOf = async (plan: typeof mixed, mixing?: Float32Array) => {
        const record = await net.accumulate(plan, { dataset, indices, mixing })
        const gradients = await net.read('gradients')
        await net.write('gradients', new Float32Array(gradients.length))
        return { ...record, gradients }
      }
      const one = await gradientsOf(assigned)
      const all = await gradientsOf(mixed, oneHot(choices, 3))
      expect(all.loss).toBeCloseTo(one.loss, 6)
      expect(relativeError(all.gradients, one.gradients)).toBeLessThan(1e-4)
      expect(all.mixingGradients?.length ?? 0).toBe(3 * drawing.length)
    }
  })
})

describe('a run of CLOSE', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'close-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const config = parseConfig({
    threads: 1,
    space: { name: 'nasbench201', channels: 8, cellsPerStage: 1 },
    data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 400, testCount: 64 },
    method: { name: 'close', curriculum: [1, 2] },
    training: { epochs: 4, batchSize: 20, augmentation: [] },
    ranking: { subModels: 30, batchSize: 64, top: 30 },
  })

  it('lowers the loss, tells blocks apart, and infers with its weights what it ranked', async () => {
    const losses: number[] = []
    let result: SearchResult | undefined
    for await (const event of search(config, { out: join(folder, 'run') })) {
      if (event.event === 'epoch') losses.push(event.loss)
      if (event.event === 'result') result = event
    }
    expect(losses[3]).toBeLessThan(losses[0])

    const splits = await loadSplits(config.data)
    const { channels, height, width, labels } = splits.test
    const space = createSpace(config.space, { channels, height, width }, splits.classes)
    const weights = await readWeights(join(folder, 'run/checkpoint/weights.safetensors'))
    const paths = result!.top.map(({ path }) => path)
    const logits = await infer({ space, weights, images: splits.test, paths })
    expect(logits.map((values) => evaluateLogits(values, labels).accuracy)).toEqual(
      result!.top.map(({ accuracy }) => accuracy),
    )
    const different = (name: string) => weights.get(name.replace('.0.3.', '.1.3.'))!.data
    const first = weights.get('cells.0.blocks.0.3.op.1.weight')!
    expect(different('cells.0.blocks.0.3.op.1.weight')).not.toEqual(first.data)
  })

  it('moves the gate by the gradients of its choices', async () => {
    const space = nasBench201(SIZE)
    const random = createRandom(1)
    const settings = parseConfig({ method: { name: 'close', curriculum: [1, 2] } }).method
    if (settings.name !== 'close') throw new Error(settings.name)
    const method = new Close(settings, { space, images: COUNT, epochs: 2, learningRate: 0.05, random })
    using net = new Supernet(method.space.parameters())
    using dataset = new Dataset({ ...SIZE.input, images, labels })
    await initialise(net, random)
    const engine = { supernet: net, plan: () => expect.unreachable() }
    await method.beginEpoch(1, engine)
    const before = method.state().gate.slice()
    const options = {
      learningRate: 0.05,
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
      unsampled: 'decay',
      clipNorm: 5,
    } as const
    for (let i = 0; i < 12; i++) await method.step(engine, { dataset, indices }, options)
    expect(method.state().gate).not.toEqual(before)
    expect(method.state().gate.every(Number.isFinite)).toBe(true)
    const blocks = space.withBlocks(2)
    const gate = { open: 1 } as Parameters<typeof assignment>[1]
    expect(assignment(blocks, gate, PATHS[0])).toEqual([0, 0, 0, 0])
  })
})
