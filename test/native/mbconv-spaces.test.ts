/** ProxylessNAS and NAS-Bench-Macro on the addon, against what scripts/fixtures/mbconv.py wrote. */
import { describe, expect, it } from 'vitest'
import { Dataset, Supernet } from '../../src/native/index.js'
import { mbConvFixtures } from '../support/mbconv-fixture.js'
import { relativeError } from '../support/small-net.js'

const flat = (state: ReadonlyMap<string, Float32Array>) =>
  Float32Array.from([...state.values()].flatMap((values) => [...values]))

describe.each(mbConvFixtures)('$name', ({ tiny, space, input, images, labels, parameters, buffers }) => {
  const indices = Int32Array.from(labels, (_, i) => i)

  async function open(arch: string) {
    const net = new Supernet(space.parameters(), { buffers: space.buffers() })
    await net.write('parameters', flat(parameters))
    await net.write('buffers', flat(buffers))
    const dataset = new Dataset({ images, labels: Int32Array.from(labels), ...input })
    return { net, dataset, plan: net.compile(space.program(space.decode(arch))) }
  }

  it.each(tiny.paths)('gives PyTorch’s logits by running statistics: $arch', async ({ arch, evaluation }) => {
    const { net, dataset, plan } = await open(arch)
    expect(relativeError(await net.logits(plan, dataset, indices), evaluation)).toBeLessThan(1e-5)
    net.dispose()
  })

  it.each(tiny.paths)('gives its loss and gradient by those of the batch: $arch', async (path) => {
    const { net, dataset, plan } = await open(path.arch)
    const options = {
      learningRate: 0,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      unsampled: 'skip',
      clipNorm: 5,
    } as const
    const step = await net.trainStep(plan, { dataset, indices }, options)
    expect(Math.abs(step.loss - path.loss)).toBeLessThan(1e-5)
    expect(Math.abs(step.globalNorm / path.gradientNorm - 1)).toBeLessThan(1e-4)
    net.dispose()
  })
})
