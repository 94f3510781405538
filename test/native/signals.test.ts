/** What computes for long ends with the reason of its signal at the next safe point, and the addon is as good as new. */
import { describe, expect, it, vi } from 'vitest'
import { bench } from '../../src/benchmark/bench.js'
import { parseConfig } from '../../src/config/index.js'
import { checkSpace } from '../../src/conformance/check-space.js'
import { measureLatency, noiseDataset } from '../../src/evaluation/latency.js'
import { Supernet, takeProfile } from '../../src/native/index.js'
import { infer } from '../../src/search/inference.js'
import type { SearchSpace } from '../../src/spaces/index.js'
import { fixtureImages, fixtureWeights, input, space } from '../support/tiny-fixture.js'

const reason = new Error('enough')

/** A space whose signal aborts when a path is looked at for the n-th time, and how often one was. */
function aborting(after: number) {
  const controller = new AbortController()
  const looked = { times: 0 }
  const own: SearchSpace = {
    ...space,
    program(path) {
      if (++looked.times === after) controller.abort(reason)
      return space.program(path)
    },
  }
  return { space: own, signal: controller.signal, looked }
}

describe('a signal that aborts', () => {
  it('ends an inference between two paths', async () => {
    const { signal, looked, ...aborted } = aborting(2)
    const flat = fixtureWeights()
    let offset = 0
    const weights = new Map(
      space.parameters().map(({ name, shape }) => {
        const end = offset + shape.reduce((product, extent) => product * extent, 1)
        const data = flat.subarray(offset, end)
        offset = end
        return [name, { shape, data }]
      }),
    )
    const paths = [1, 2, 3].map((operation) => new Array<number>(6).fill(operation))
    const options = { weights, images: { images: fixtureImages(), ...input }, paths }
    await expect(infer({ ...options, ...aborted, signal })).rejects.toBe(reason)
    expect(looked.times).toBe(2)
    expect(await infer({ ...options, space })).toHaveLength(3)
  })

  it('ends the check of a space', async () => {
    const { space, signal } = aborting(5)
    await expect(checkSpace(space, { signal })).rejects.toBe(reason)
  })

  it('ends a benchmark between two steps, and its profile', async () => {
    const { space, signal } = aborting(4)
    const config = parseConfig({ threads: 1 })
    const images = { images: fixtureImages(), labels: new Int32Array(4), ...input }
    const splits = { train: images, test: images, classes: 4, name: 'fixture' }
    const work = async () => {
      const options = { config, space, splits, generated: false, paths: [[1, 1, 1, 1, 1, 1]], batchSize: 4 }
      for await (const _ of bench({ ...options, mode: 'train', steps: 50, signal })) expect.unreachable()
    }
    await expect(work()).rejects.toBe(reason)
    // What it had measured; nothing is measured after it.
    await takeProfile()
    using supernet = Supernet.of(space)
    using data = noiseDataset(space.input, 1, 'cpu')
    await measureLatency([1, 1, 1, 1, 1, 1], { space, supernet, data })
    expect(Object.values(await takeProfile()).every((seconds) => seconds === 0)).toBe(true)
  })

  it('ends a measurement of latency', async () => {
    using supernet = Supernet.of(space)
    using data = noiseDataset(space.input, 1, 'cpu')
    const controller = new AbortController()
    const evaluate = vi.fn<Supernet['evaluate']>((...args) => {
      if (evaluate.mock.calls.length === 7) controller.abort(reason)
      return supernet.evaluate(...args)
    })
    const aborted = { compile: supernet.compile.bind(supernet), evaluate }
    const options = { space, supernet: aborted, data, signal: controller.signal }
    await expect(measureLatency([3, 3, 3, 3, 3, 3], options)).rejects.toBe(reason)
    expect(evaluate).toHaveBeenCalledTimes(7)
    expect(await measureLatency([3, 3, 3, 3, 3, 3], { space, supernet, data })).toBeGreaterThan(0)
  })
})
