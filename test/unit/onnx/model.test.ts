import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Tensor } from '../../../src/formats/safetensors.js'
import { onnxGraph } from '../../../src/onnx/graph.js'
import { encodeModel } from '../../../src/onnx/messages.js'
import { onnxModel } from '../../../src/onnx/model.js'
import { writeOnnx } from '../../../src/onnx/write-onnx.js'
import type { Program, Value } from '../../../src/programs/program.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import { proxylessNas } from '../../../src/spaces/layered/proxylessnas.js'
import { nasBench201 } from '../../../src/spaces/nasbench201/nasbench201.js'
import type { Path, SearchSpace } from '../../../src/spaces/space.js'
import { subModelWeights } from '../../../src/weights/sub-model.js'

/** Multiples of a quarter, the same as `weight` of scripts/fixtures/onnx_model.py. */
function tensor(...shape: number[]): Tensor {
  const length = shape.reduce((product, extent) => product * extent, 1)
  return { shape, data: Float32Array.from({ length }, (_, i) => ((i % 7) + 1) / 4) }
}

const INPUT = { channels: 2, height: 300, width: 8 }
const WEIGHTS: ReadonlyMap<string, Tensor> = new Map([
  ['conv.weight', tensor(4, 1, 3, 3)],
  ['conv.bias', tensor(4)],
  ['norm.weight', tensor(4)],
  ['norm.bias', tensor(4)],
  ['norm.running_mean', tensor(4)],
  ['norm.running_var', tensor(4)],
  ['head.weight', tensor(3, 4)],
  ['head.bias', tensor(3)],
  ['not.used', tensor(1)],
])

function program(): Program {
  const builder = new ProgramBuilder()
  const convolution = { weight: 'conv.weight', bias: 'conv.bias', channels: 4, kernel: 3, stride: 2, groups: 2 }
  const affine = { weight: 'norm.weight', bias: 'norm.bias' }
  const running = { mean: 'norm.running_mean', variance: 'norm.running_var' }
  const normalised = builder.batchNorm(builder.conv2d(builder.input(INPUT), convolution), { affine, running })
  const pooled = builder.globalAvgPool(builder.crop2d(normalised, { top: 1 }))
  return builder.finish(builder.linear(pooled, { weight: 'head.weight', bias: 'head.bias', features: 3 }))
}

/** The program that `write` puts between an image and its mean. */
function around(write: (builder: ProgramBuilder, image: Value) => Value): Program {
  const builder = new ProgramBuilder()
  return builder.finish(builder.globalAvgPool(write(builder, builder.input(INPUT))))
}

const graphOf = (written: Program, weights = WEIGHTS) => onnxGraph(written, INPUT, weights, 'tiny')
const modelOf = (written: Program, weights = WEIGHTS) =>
  onnxModel({ program: written, input: INPUT, weights, name: 'tiny', metadata: {} })

describe('the model of a program', () => {
  it('has the bytes that the onnx package makes', () => {
    const bytes = encodeModel({
      irVersion: 8,
      producerName: 'pada-native',
      producerVersion: '1.2.3',
      docString: 'Übung',
      graph: graphOf(program()),
      opsetImport: [{ domain: '', version: 17 }],
      metadataProps: [
        { key: 'space', value: 'tiny' },
        { key: 'path', value: '0,1' },
      ],
    })
    const expected = readFileSync(new URL('../../fixtures/tiny.onnx', import.meta.url))
    expect(Buffer.from(bytes).toString('hex')).toBe(expected.toString('hex'))
  })

  it('reads what it should after a crop and an operation on a row', () => {
    const builder = new ProgramBuilder()
    const cropped = builder.crop2d(builder.input(INPUT), { top: 1 })
    const weights = { weight: 'row.weight', bias: 'row.bias', features: 3 }
    const row = builder.linear(builder.globalAvgPool(cropped), weights)
    const given = new Map([...WEIGHTS, ['row.weight', tensor(3, 2)], ['row.bias', tensor(3)]] as const)
    const { node, initializer } = graphOf(builder.finish(builder.relu(row)), given)
    const integersOf = (operation: string, input: number) => {
      const name = node.find(({ opType }) => opType === operation)!.input[input]
      const { rawData } = initializer.find((one) => one.name === name)!
      return [...new BigInt64Array(rawData.slice().buffer)].map(Number)
    }
    expect(integersOf('Slice', 3)).toEqual([1, 2, 3])
    expect(integersOf('Unsqueeze', 1)).toEqual([2, 3])
  })

  it('says whether the logits of an image depend on the others', () => {
    const sentence = 'Batch norms take the statistics of the batch'
    expect(Buffer.from(modelOf(program())).includes(sentence)).toBe(false)
    const byBatch = modelOf(around((builder, image) => builder.batchNorm(image)))
    expect(Buffer.from(byBatch).includes(sentence)).toBe(true)
  })

  it('gives every node a name of its own, and every value that is read before it is read', () => {
    const twice = around((builder, image) => builder.batchNorm(builder.add([image, builder.batchNorm(image), image])))
    const { node, initializer, input } = graphOf(twice)
    const known = new Set([...initializer, ...input].map(({ name }) => name))
    for (const { input: read, output, name } of node) {
      for (const value of read) expect(known).toContain(value)
      expect(known).not.toContain(name)
      for (const value of output) known.add(value)
    }
    expect(known).toContain('logits')
  })

  const refused: [string, Program, ReadonlyMap<string, Tensor>, RegExp][] = [
    ['a mix', around((builder, image) => builder.mix([image, image], 0)), WEIGHTS, /evaluation but received mix/],
    ['missing weights', program(), new Map(), /^Expected Float32 of shape 4×1×3×3 for conv\.weight but received none$/],
    [
      'weights of another shape',
      program(),
      new Map([...WEIGHTS, ['norm.bias', tensor(5)]]),
      /^Expected Float32 of shape 4 for norm\.bias but received Float32 of shape 5$/,
    ],
    [
      'integers',
      program(),
      new Map([...WEIGHTS, ['head.bias', { shape: [3], data: new Int32Array(3) }]]),
      /^Expected Float32 of shape 3 for head\.bias but received Int32 of shape 3$/,
    ],
    ...['images', 'logits', '/1/Conv'].map((name): [string, Program, ReadonlyMap<string, Tensor>, RegExp] => [
      `weights called ${name}`,
      around((builder, image) => builder.conv2d(image, { weight: name, channels: 1, kernel: 1 })),
      new Map([[name, tensor(1, 2, 1, 1)]]),
      /^Expected a name that means nothing else in an ONNX model but received/,
    ]),
  ]
  it.each(refused)('is refused for %s', (_name, written, weights, sentence) => {
    expect(() => modelOf(written, weights)).toThrow(sentence)
  })

  it('is refused for 2 GiB of weights', () => {
    const channels = 4096
    const names = Array.from({ length: 32 }, (_, i) => `conv${i}`)
    const builder = new ProgramBuilder()
    const input = { channels, height: 1, width: 1 }
    const output = names.reduce((x, weight) => builder.conv2d(x, { weight, channels, kernel: 1 }), builder.input(input))
    const shared = { shape: [channels, channels, 1, 1], data: new Float32Array(channels ** 2) }
    const source = { input, weights: new Map(names.map((name) => [name, shared])), name: 'large', metadata: {} }
    expect(() => onnxModel({ program: builder.finish(output), ...source })).toThrow(/^Expected less than 2 GiB/)
  })
})

describe('writeOnnx', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pada-onnx-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const input = { channels: 3, height: 32, width: 32 }
  const spaces: [string, SearchSpace, Path][] = [
    ['with dead edges', nasBench201({ channels: 2, cellsPerStage: 1, input, classes: 4 }), [3, 0, 0, 1, 0, 2]],
    ['with running statistics', proxylessNas({ width: 0.25, layers: [1, 1, 1, 1, 1, 1], input }), [0, 1, 2, 3, 4, 5]],
  ]
  it('is tried with a path that has dead edges', () => {
    const [[, space, path]] = spaces
    expect(space.program(path).idle).not.toEqual([])
  })

  it.each(spaces)('writes what a path %s uses, the same every time', async (_name, space, path) => {
    const specs = [...space.parameters(), ...(space.buffers?.() ?? [])]
    const weights = new Map(specs.map(({ name, shape }) => [name, tensor(...shape)]))
    await writeOnnx(join(folder, 'one.onnx'), space, path, weights)
    await writeOnnx(join(folder, 'two.onnx'), space, path, weights)
    expect(readdirSync(folder).sort()).toEqual(['one.onnx', 'two.onnx'])
    const bytes = readFileSync(join(folder, 'one.onnx'))
    expect(bytes.equals(readFileSync(join(folder, 'two.onnx')))).toBe(true)
    for (const text of [space.name, space.encode(path), path.join()]) expect(bytes.includes(text)).toBe(true)

    const { initializer } = onnxGraph(space.program(path), input, weights, space.name)
    const used = [...subModelWeights(space, path, weights, { idle: false }).keys()]
    expect(used.length).toBeLessThan(specs.length)
    expect(
      initializer
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('/'))
        .sort(),
    ).toEqual(used.sort())
    for (const name of space.program(path).idle) expect(bytes.includes(name), name).toBe(false)
  })
})
