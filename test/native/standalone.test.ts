/** Networks that are trained alone, against PyTorch in float64: what scripts/fixtures/standalone.py wrote. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { scalars } from '../../src/base/shapes.js'
import { type NetworkConfig, network as networkSchema } from '../../src/config/network.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import { onnxModel } from '../../src/onnx/model.js'
import { createNetwork } from '../../src/spaces/index.js'
import { restoreWeights } from '../../src/training/snapshot.js'
import { runOnnx } from '../support/onnx.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'

interface Fixture {
  readonly input: readonly [channels: number, height: number, width: number]
  readonly classes: number
  readonly batch: number
  readonly seed: number
  readonly networks: readonly {
    readonly network: object
    /** SHA-256 of names, one per line: of parameters in PyTorch's order, and of all tensors sorted. */
    readonly digests: { readonly parameters: string; readonly sorted: string }
    /** Logits by running statistics: batch × classes. */
    readonly evaluation: readonly number[]
    /** Cross-entropy by the statistics of the batch; image i has the label i mod classes. */
    readonly loss: number
    readonly gradientNorm: number
  }[]
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/standalone.json', import.meta.url), 'utf8'))
const [channels, height, width] = fixture.input
const input = { channels, height, width }
const digest = (names: readonly string[]) => createHash('sha256').update(names.join('\n')).digest('hex')

function valuesOf(name: string, shape: readonly number[], random: () => number): Float32Array {
  const draw = (bound: number) => randomFloats(random, scalars(shape), bound)
  if (name.endsWith('running_var')) return draw(0.1).map((value) => 0.2 + value)
  if (name.endsWith('running_mean')) return draw(0.1)
  if (shape.length > 1) return draw(1 / Math.sqrt(scalars(shape.slice(1))))
  return draw(0.5).map((value) => value + (name.endsWith('weight') ? 1 : 0))
}

describe.each(fixture.networks)('the network $network', (known) => {
  const network = createNetwork(networkSchema.parse(known.network) as NetworkConfig, input, fixture.classes)
  const tensors = [...network.parameters(), ...network.buffers()]
  const images = randomFloats(randomNumbers(fixture.seed + 1), fixture.batch * scalars(fixture.input), 2)
  const labels = Int32Array.from({ length: fixture.batch }, (_, i) => i % fixture.classes)
  const indices = Int32Array.from(labels, (_, i) => i)
  const random = randomNumbers(fixture.seed)
  const weights = new Map(
    tensors
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, shape }) => [name, { shape, data: valuesOf(name, shape, random) }]),
  )

  async function open() {
    const net = Supernet.of(network)
    await restoreWeights(weights, net)
    return { net, dataset: new Dataset({ images, labels, ...input }), plan: net.compile(network.program([])) }
  }

  it('has the names of the reference', () => {
    expect(digest(tensors.map(({ name }) => name).sort())).toBe(known.digests.sorted)
    // The port of NAS-Bench-101 lists operations before projections.
    if (!network.name.startsWith('nasbench1shot1')) {
      expect(digest(network.parameters().map(({ name }) => name))).toBe(known.digests.parameters)
    }
  })

  it('gives PyTorch’s logits by running statistics, also in onnxruntime', async () => {
    const { net, dataset, plan } = await open()
    expect(relativeError(await net.logits(plan, dataset, indices), known.evaluation)).toBeLessThan(1e-5)
    const model = onnxModel({ program: network.program([]), input, weights, name: 'tried', metadata: {} })
    expect(relativeError(await runOnnx(model, images, input), known.evaluation)).toBeLessThan(1e-5)
    net.dispose()
  })

  it('gives its loss and gradient by the statistics of the batch', async () => {
    const { net, dataset, plan } = await open()
    const options = {
      learningRate: 0,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      unsampled: 'skip',
      clipNorm: 5,
    } as const
    const step = await net.trainStep(plan, { dataset, indices }, options)
    expect(Math.abs(step.loss - known.loss)).toBeLessThan(1e-5)
    expect(Math.abs(step.globalNorm / known.gradientNorm - 1)).toBeLessThan(1e-4)
    net.dispose()
  })
})
