/** Exported models in onnxruntime, beside what the addon computes of the same weights and images. */
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/random.js'
import { type ConfigInput, parseConfig } from '../../src/config/index.js'
import type { Tensor } from '../../src/formats/safetensors.js'
import { Gate } from '../../src/methods/close/gate.js'
import { gatedSpace } from '../../src/methods/close/space.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import { onnxModel } from '../../src/onnx/model.js'
import { INSTRUCTIONS } from '../../src/programs/instructions.js'
import type { Program, Value } from '../../src/programs/program.js'
import { PathSampler } from '../../src/sampling/paths.js'
import {
  type BufferSpec,
  createSpace,
  DARTS_V2,
  dartsNetwork,
  nasBench201,
  type ParameterSpec,
  SPACES,
} from '../../src/spaces/index.js'
import { restoreWeights } from '../../src/training/snapshot.js'
import { runOnnx } from '../support/onnx.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { NetBuilder, relativeError } from '../support/small-net.js'

/** Two computations in float32, in other orders of summation. */
const TOLERANCE = 1e-4
const INPUT = { channels: 2, height: 16, width: 16 }
const CLASSES = 3

type Specs = readonly (ParameterSpec | BufferSpec)[]

/**
 * Weights that leave no tensor without effect: affine weights, biases and running means vary too. Those whose name begins
 * with `negative` are below zero.
 */
function randomWeights(specs: Specs, seed: number): Map<string, Tensor> {
  const random = randomNumbers(seed)
  return new Map(
    specs.map(({ name, shape }) => {
      const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1)
      const data = randomFloats(random, fanIn * shape[0], 1.7 / Math.sqrt(fanIn))
      if (name.endsWith('var')) return [name, { shape, data: data.map((value) => 0.1 + value ** 2) }]
      return [name, { shape, data: name.startsWith('negative') ? data.map((value) => -0.1 - Math.abs(value)) : data }]
    }),
  )
}

/** The largest differences between onnxruntime and the addon, relative to the largest logit, program by program. */
async function errors(
  programs: Iterable<Program>,
  parameters: readonly ParameterSpec[],
  buffers: readonly BufferSpec[] = [],
  counts: readonly number[] = [4],
): Promise<number[]> {
  const weights = randomWeights([...parameters, ...buffers], 1)
  using supernet = new Supernet(parameters, { buffers })
  await restoreWeights(weights, supernet)
  const found: number[] = []
  for (const program of programs) {
    using plan = supernet.compile(program)
    const model = onnxModel({ program, input: INPUT, weights, name: 'tried', metadata: {} })
    for (const count of counts) {
      const length = count * INPUT.channels * INPUT.height * INPUT.width
      const images = randomFloats(randomNumbers(2), length, 2)
      using dataset = new Dataset({ ...INPUT, images, labels: new Int32Array(count) })
      const indices = Int32Array.from({ length: count }, (_, i) => i)
      const expected = await supernet.logits(plan, dataset, indices)
      found.push(relativeError(await runOnnx(model, images, INPUT), expected))
    }
  }
  return found
}

const SIZE = { channels: 4, cellsPerStage: 1 }
const INSTANCES: readonly (readonly [name: string, settings: object])[] = [
  ['nasbench201', SIZE],
  ['nasbench201', { ...SIZE, sharing: 'perCell', affine: true }],
  ['nasbench1shot1-1', SIZE],
  ['nasbench1shot1-2', SIZE],
  ['nasbench1shot1-3', { ...SIZE, sharing: 'perCell' }],
  ['darts', { channels: 4, cells: 3 }],
  ['proxylessnas', { width: 0.25, layers: [2, 1, 1, 2, 1, 1] }],
  ['nasbench-macro', { channels: 4 }],
]

/** Programs of one or two instructions that no space has, or that spaces have in one form only. */
const PROGRAMS: Readonly<Record<string, (net: NetBuilder, image: Value) => Value>> = {
  'a convolution that strides over odd extents': (net, x) =>
    net.conv(net.program.crop2d(x, { height: 15, width: 13 }), 4, 3, { stride: 2 }),
  'a dilated convolution of groups': (net, x) => net.conv(net.conv(x, 4, 1), 6, 5, { dilation: 2, groups: 2 }),
  'a norm by the batch without weights': (net, x) => net.norm(x, { affine: false }),
  'a norm by the batch with weights': (net, x) => net.norm(x),
  'a running norm without weights': (net, x) => net.norm(x, { affine: false, running: true }),
  'a running norm with weights': (net, x) => net.norm(x, { running: true }),
  relu6: (net, x) => net.program.relu6(net.conv(x, 8, 7, { padding: 0 })),
  'a mean over windows that reach over the border': ({ program }, x) =>
    program.avgPool2d(x, { kernel: 5, stride: 3, padding: 2 }),
  'a maximum over them, all of it below zero': (net, x) =>
    net.program.maxPool2d(net.conv(net.program.relu6(x), 2, 1, { as: 'negative' }), { kernel: 3, stride: 2 }),
  'the sum of three values, one of them twice': ({ program }, x) =>
    program.add([x, program.relu(x), x, program.zeros(x.shape)]),
  'a concatenation': ({ program }, x) => program.concat([x, program.zeros(x.shape), program.relu(x)]),
  'a part of the image': ({ program }, x) => program.crop2d(x, { top: 3, left: 1, height: 4, width: 9 }),
  'the first channels of a part': (net, x) => net.program.crop2d(net.conv(x, 5, 3), { channels: 3, top: 2, height: 8 }),
  'what only training does': ({ program }, x) =>
    program.tap(program.dropPath(program.dropout(x, { p: 0.5 }), { p: 0.5 }), { slot: 0 }),
  'two linear layers and what lies between': (net, x) => {
    const { program } = net
    const pooled = program.globalAvgPool(x)
    net.specs.push({ name: 'hidden.weight', shape: [2, 2], init: { kind: 'zeros' } })
    net.specs.push({ name: 'hidden.bias', shape: [2], init: { kind: 'zeros' } })
    const hidden = program.linear(pooled, { weight: 'hidden.weight', bias: 'hidden.bias', features: 2 })
    return program.add([program.dropout(hidden, { p: 0.5 }), program.relu(pooled)])
  },
  nothing: (_, x) => x,
}

describe('onnxruntime computes the logits of', () => {
  it('as many spaces as there are', () => {
    expect([...new Set(INSTANCES.map(([name]) => name))].sort()).toEqual([...SPACES].sort())
  })

  it.each(INSTANCES)('paths of %s %j', async (name, settings) => {
    const config = parseConfig({ space: { name, ...settings } as ConfigInput['space'] })
    const space = createSpace(config.space, INPUT, CLASSES)
    const stream = RandomStream.named(0, name)
    const sampler = PathSampler.uniform(space.choices)
    const programs = Array.from({ length: 5 }, () => space.program(sampler.draw(stream)))
    expect(Math.max(...(await errors(programs, space.parameters(), space.buffers?.())))).toBeLessThan(TOLERANCE)
  })

  it('a path that ends in zeros', async () => {
    const space = nasBench201({ ...SIZE, input: INPUT, classes: CLASSES })
    const program = space.program([0, 0, 0, 0, 0, 0])
    expect(program.instructions.some(({ op }) => op === 'zeros')).toBe(true)
    expect(await errors([program], space.parameters(), [], [1, 4])).toEqual([0, 0])
  })

  it('a path in the blocks that CLOSE’s gate chose', async () => {
    const space = nasBench201({ ...SIZE, input: INPUT, classes: CLASSES })
    const gate = Gate.random(space.operations.length, 3, RandomStream.named(0, 'gate'))
    const gated = gatedSpace(space, space.withBlocks(3), () => gate)
    const programs = [gated.program([3, 2, 3, 3, 2, 3]), gated.program([3, 3, 3, 3, 3, 3])]
    expect(Math.max(...(await errors(programs, gated.parameters())))).toBeLessThan(TOLERANCE)
  })

  it('a network of DARTS, by running statistics', async () => {
    const network = dartsNetwork(DARTS_V2, { channels: 4, cells: 3, input: INPUT, classes: CLASSES })
    const found = await errors([network.program([])], network.parameters(), network.buffers(), [1, 4])
    expect(Math.max(...found)).toBeLessThan(TOLERANCE)
  })

  it('programs with every instruction but mix, which is for training only', () => {
    const programs = Object.values(PROGRAMS).map((write) => {
      const net = new NetBuilder()
      return net.classify(write(net, net.program.input(INPUT)), CLASSES)
    })
    const tried = new Set<string>(programs.flatMap(({ instructions }) => instructions.map(({ op }) => op)))
    expect(Object.keys(INSTRUCTIONS).filter((op) => !tried.has(op))).toEqual(['mix'])
  })

  it.each(Object.keys(PROGRAMS))('%s', async (name) => {
    const net = new NetBuilder()
    const program = net.classify(PROGRAMS[name](net, net.program.input(INPUT)), CLASSES)
    expect(Math.max(...(await errors([program], net.specs, net.buffers, [1, 4])))).toBeLessThan(TOLERANCE)
  })

  it('a program without a linear layer', async () => {
    const net = new NetBuilder()
    const program = net.program.finish(net.program.globalAvgPool(net.conv(net.program.input(INPUT), CLASSES, 1)))
    expect(Math.max(...(await errors([program], net.specs)))).toBeLessThan(TOLERANCE)
  })
})
