import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { PlanCache } from '../../../src/training/plan-cache.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1 })

function cache(capacity: number) {
  const compiled: Plan[] = []
  const disposed: Plan[] = []
  const compile = () => {
    const plan = { dispose: () => void disposed.push(plan) } as unknown as Plan
    compiled.push(plan)
    return plan
  }
  return { plans: new PlanCache(space, { compile }, capacity), compiled, disposed }
}

const path = (operation: number) => [operation, 1, 1, 1, 1, 1]

describe('PlanCache', () => {
  it('plans a path once', () => {
    const { plans, compiled } = cache(2)
    expect(plans.get(path(0))).toBe(plans.get(path(0)))
    expect(compiled).toHaveLength(1)
  })

  it('disposes the plan used longest ago when it is full', () => {
    const { plans, disposed } = cache(2)
    const zero = plans.get(path(0))
    const one = plans.get(path(1))
    plans.get(path(0))
    plans.get(path(2))
    expect(disposed).toEqual([one])
    expect(plans.get(path(0))).toBe(zero)
  })

  it('disposes every plan in the end', () => {
    const { plans, compiled, disposed } = cache(3)
    for (const operation of [0, 1, 2, 3, 4]) plans.get(path(operation))
    plans[Symbol.dispose]()
    expect(new Set(disposed)).toEqual(new Set(compiled))
    expect(disposed).toHaveLength(5)
  })
})
