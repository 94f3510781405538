import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { FeasiblePaths } from '../../../src/finding/feasible-paths.js'
import { checkLimits, type Limits } from '../../../src/finding/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import type { Path } from '../../../src/spaces/space.js'
import { refusalOf } from '../../support/refusal.js'
import { size, toySpace } from '../../support/toy.js'

const stream = () => RandomStream.named(0, 'limits')
const costs = { size, first: (path: Path) => path[0] }

const complaint = (limits: Limits, space = toySpace(4, 3)) =>
  refusalOf(() => checkLimits({ space, costs, limits }, stream()))

describe('checkLimits', () => {
  it('is content where some path keeps to all limits', async () => {
    await checkLimits({ space: toySpace(4, 3), costs, limits: { size: { max: 0 }, first: { max: 0 } } }, stream())
    // One path in 4^40.
    await checkLimits({ space: toySpace(40, 4), costs, limits: { size: { max: 0 } } }, stream())
    await checkLimits({ space: toySpace(40, 4), costs, limits: { size: { min: 360 } } }, stream())
  })

  it('names limits and what there is in a space that can be listed', async () => {
    expect(await complaint({ size: { min: 17 } })).toBe(
      'Expected limits that some path of toy meets but received size ≥ 17: its paths have 0…16',
    )
    expect(await complaint({ size: { min: 15.5, max: 15.75 } })).toBe(
      'Expected limits that some path of toy meets but received size in 15.5…15.75: its paths have 0…16, but none meets them',
    )
    expect(await complaint({ size: { max: 3 }, first: { min: 2 } })).toBe(
      'Expected limits that some path of toy meets but received size ≤ 3 and first ≥ 2: its paths have size 0…16, first 0…2, but none meets them',
    )
  })

  it('finds the exact range of a sum over choices where the space cannot be listed', async () => {
    expect(await complaint({ size: { min: 361, max: 1e6 } }, toySpace(40, 4))).toBe(
      'Expected limits that some path of toy meets but received size in 361…1,000,000: paths found have 0…360',
    )
  })

  it('counts the costs of a real space by itself', async () => {
    const space = nasBench201({ channels: 4, cellsPerStage: 1 })
    const limits = { parameters: { max: 100 } }
    await expect(checkLimits({ space, limits }, stream())).rejects.toThrow(
      /^Expected limits that some path of nasbench201 meets but received parameters ≤ 100: its paths have \d+…[\d,]+$/,
    )
  })

  it('measures nothing expensive of what breaks a cheap limit', async () => {
    let measured = 0
    const slow = async (path: Path) => {
      measured++
      expect(size(path)).toBeLessThanOrEqual(2)
      return path.length
    }
    const limits = { size: { max: 2 }, latency: { max: 10 } }
    await checkLimits({ space: toySpace(6, 3), costs: { size, latency: slow }, limits }, stream())
    expect(measured).toBe(1)
  })

  it('does not measure a whole space to find one more path', async () => {
    const measured = new Set<string>()
    const slow = async (path: Path) => {
      measured.add(path.join())
      return size(path)
    }
    const space = toySpace(7, 3)
    const paths = new FeasiblePaths({ space, costs: { latency: slow }, limits: { latency: { max: 0 } } }, stream())
    const only = await paths.draw(() => false)
    expect(only).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect(await paths.draw((path) => path.join() === only!.join())).toBeUndefined()
    expect(measured.size).toBeLessThan(3 ** 7 / 4)
    // A cost that is counted is different: nothing is missed.
    const counted = new FeasiblePaths({ space, costs: { size }, limits: { size: { max: 1 } } }, stream())
    const taken = new Set<string>()
    for (;;) {
      const path = await counted.draw((path) => taken.has(path.join()))
      if (path === undefined) break
      taken.add(path.join())
    }
    expect(taken.size).toBe(1 + 7)
  })

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const constraints = { space: toySpace(4, 3), costs, limits: { size: { min: 99 } }, signal }
    await expect(checkLimits(constraints, stream())).rejects.toThrow('enough')
  })

  it('stops in mid-work when aborted', async () => {
    const controller = new AbortController()
    let counted = 0
    const counting = (path: Path) => {
      counted++
      return size(path)
    }
    const { signal } = controller
    const constraints = { space: toySpace(40, 4), costs: { size: counting }, limits: { size: { min: 361 } } }
    await expect(checkLimits(constraints, stream())).rejects.toThrow('paths found have')
    const all = counted
    counted = 0
    setImmediate(() => controller.abort(new Error('enough')))
    await expect(checkLimits({ ...constraints, signal }, stream())).rejects.toThrow('enough')
    expect(counted).toBeLessThan(all / 4)
  })
})
