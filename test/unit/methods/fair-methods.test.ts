import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { parseConfig } from '../../../src/config/index.js'
import { createMethod, type Engine } from '../../../src/methods/index.js'
import type { Batch, Plan, StepOptions } from '../../../src/native/index.js'
import {
  darts,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  type Path,
  proxylessNas,
  type SearchSpace,
} from '../../../src/spaces/index.js'

const OPTIONS: StepOptions = {
  learningRate: 0.025,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  clipNorm: 5,
  unsampled: 'decay',
}

function make(settings: object, space: SearchSpace = nasBench201()) {
  const { method } = parseConfig({ method: settings as never })
  return createMethod(method, { space, images: 8, epochs: 2, learningRate: 0.05, random: createRandom(0) })
}

/** Writes down every verb that a step calls. */
function spy() {
  const calls: string[] = []
  const paths: Path[] = []
  const verb =
    (name: string, result: unknown = undefined) =>
    async (...args: readonly unknown[]) => {
      const options = args.find((arg) => arg !== null && typeof arg === 'object' && 'learningRate' in arg)
      calls.push(options === undefined ? name : `${name} ${JSON.stringify(options)}`)
      return result
    }
  let held = 0
  const supernet = {
    hold: () => {
      held++
      return { [Symbol.dispose]: () => void held-- }
    },
    accumulate: verb('accumulate', { loss: 2, correct: 4, correctTop5: 6, importance: new Float32Array(8) }),
    addGradientNoise: verb('addGradientNoise'),
    recordMoments: verb('recordMoments'),
    clip: verb('clip', { globalNorm: 1, clipScale: 1 }),
    update: verb('update'),
    snapshot: verb('snapshot'),
    restore: verb('restore'),
    displacementToGradients: verb('displacementToGradients'),
    finishStep: verb('finishStep', { globalNorm: 1, clipScale: 1 }),
  }
  const plan = (path: Path) => {
    paths.push(path)
    return {} as Plan
  }
  return { engine: { plan, supernet } as unknown as Engine, calls, paths, held: () => held }
}

const batch = { indices: new Int32Array(8) } as Batch

describe('FairNAS', () => {
  it('adds up the gradients of K paths on one held batch, then finishes the step once', async () => {
    const { engine, calls, held } = spy()
    expect(await make({ name: 'fairnas' }).step(engine, batch, OPTIONS)).toEqual({
      loss: 2,
      correct: 4,
      correctTop5: 6,
    })
    expect(calls).toEqual([...new Array(5).fill('accumulate'), `finishStep ${JSON.stringify(OPTIONS)}`])
    expect(held()).toBe(0)
  })

  it('draws new paths at every step; with compat at the first of an epoch only', async () => {
    for (const compat of [false, true]) {
      const method = make({ name: 'fairnas', compat })
      const { engine, paths } = spy()
      for (let step = 0; step < 3; step++) await method.step(engine, batch, OPTIONS)
      method.endEpoch(0)
      await method.step(engine, batch, OPTIONS)
      const [first, second, third, next] = [0, 5, 10, 15].map((begin) => paths.slice(begin, begin + 5))
      expect(JSON.stringify(second) === JSON.stringify(first)).toBe(compat)
      expect(JSON.stringify(third) === JSON.stringify(first)).toBe(compat)
      expect(next).not.toEqual(first)
    }
  })

  it('continues an epoch with the paths that it was stopped with', async () => {
    const method = make({ name: 'fairnas', compat: true })
    const { engine, paths } = spy()
    await method.step(engine, batch, OPTIONS)
    const other = make({ name: 'fairnas', compat: true })
    other.restore(method.state())
    await other.step(engine, batch, OPTIONS)
    expect(paths.slice(5)).toEqual(paths.slice(0, 5))
  })
})

describe('SUMNAS', () => {
  it('takes two inner steps per path, records the first gradients, and moves by the mean displacement', async () => {
    const { engine, calls, held } = spy()
    await make({ name: 'sumnas' }).step(engine, batch, OPTIONS)
    const inner =
      'update {"learningRate":0.05,"optimizer":{"kind":"sgd","momentum":0.9,"weightDecay":0},"unsampled":"skip"}'
    const path = ['snapshot', 'accumulate', 'recordMoments', 'clip', inner, 'accumulate', 'clip', inner, 'restore']
    // The learning rate is at half its start, and so is the outer one.
    const outer =
      'update {"learningRate":0.5,"optimizer":{"kind":"sgd","momentum":0,"weightDecay":0.00004},"unsampled":"decay"}'
    expect(calls).toEqual([...new Array(5).fill(path).flat(), 'displacementToGradients', outer])
    expect(held()).toBe(0)
    const optimizer = { ...OPTIONS.optimizer, decayNormsAndBiases: false }
    await make({ name: 'sumnas' }).step(engine, batch, { ...OPTIONS, optimizer })
    expect(calls.at(-1)).toBe(outer.replace('0.00004', '0.00004,"decayNormsAndBiases":false'))
  })

  it('tells the factor from the rate of the schedule to that of its own update', () => {
    expect(make({ name: 'sumnas' }).learningRateFactor).toBe(20)
    expect(make({ name: 'sumnas', learningRate: 0.1 }).learningRateFactor).toBe(2)
    expect(make({ name: 'fairnas' }).learningRateFactor).toBeUndefined()
  })
})

it('SUMNAS adds noise of its own to every gradient, also where paths share weights', async () => {
  const { engine } = spy()
  const seeds: number[] = []
  Object.assign(engine.supernet, { addGradientNoise: async ({ seed }: { seed: number }) => void seeds.push(seed) })
  const noise = { deviation: 0.1, seed: 7, parameters: new Int32Array() }
  await make({ name: 'sumnas' }).step(engine, batch, { ...OPTIONS, noise })
  expect(seeds).toEqual(Array.from({ length: 10 }, (_, i) => 7 + i))
})

describe.each(['fairnas', 'sumnas'])('%s', (name) => {
  it.each([nasBench201(), nasBench1Shot1('nasbench1shot1-1'), nasBenchMacro()])('is defined on $name', (space) => {
    expect(make({ name }, space).name).toBe(name)
  })

  it('is refused where it is not defined', () => {
    expect(() => make({ name }, proxylessNas())).toThrow(
      `for method.name ${name} but received proxylessnas with 6 or 7`,
    )
    expect(() => make({ name }, darts())).toThrow(
      `Expected a space whose edges have weights of their own, whatever is connected, for method.name ${name}`,
    )
  })
})
