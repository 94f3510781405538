import { afterEach, describe, expect, it, vi } from 'vitest'
import { measureLatency } from '../../../src/evaluation/latency.js'
import type { Dataset, Plan } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'

afterEach(() => void vi.restoreAllMocks())

const space = nasBench201({ channels: 2, cellsPerStage: 1 })
const data = {} as Dataset

/** A supernet whose evaluations take so many milliseconds, one after the other, by a clock that stands still otherwise. */
function taking(durations: readonly number[]) {
  let now = 1000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const plan = { [Symbol.dispose]: vi.fn() } as unknown as Plan
  const evaluate = vi.fn(async (_plan: Plan, _data: Dataset, _options: object) => {
    now += durations[evaluate.mock.calls.length - 1]
    return { count: 4, correct: 0, correctTop5: 0, loss: 0 }
  })
  return { compile: vi.fn(() => plan), evaluate, plan }
}

describe('measureLatency', () => {
  it('is the median of an odd number of evaluations, without those that warm up', async () => {
    const supernet = taking([900, 800, 5, 70, 1, 3, 2])
    const options = { space, supernet, data, batchSize: 4, warmup: 2, repetitions: 5 }
    expect(await measureLatency([3, 0, 1, 2, 3, 4], options)).toBe(3)
    expect(supernet.compile).toHaveBeenCalledExactlyOnceWith(space.program([3, 0, 1, 2, 3, 4]))
    expect(supernet.evaluate).toHaveBeenCalledTimes(7)
    expect(supernet.evaluate).toHaveBeenCalledWith(supernet.plan, data, { batchSize: 4, count: 4 })
    expect(supernet.plan[Symbol.dispose]).toHaveBeenCalledOnce()
  })

  it('is the mean of the middle two of an even number', async () => {
    const supernet = taking([2, 10, 1, 4])
    expect(await measureLatency([0, 0, 0, 0, 0, 0], { space, supernet, data, warmup: 0, repetitions: 4 })).toBe(3)
  })
})
