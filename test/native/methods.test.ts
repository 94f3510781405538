/** Steps of several paths, against steps written by hand in PyTorch (scripts/fixtures/methods.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { parseConfig } from '../../src/config/index.js'
import { createMethod, type Method } from '../../src/methods/index.js'
import { Dataset, type StepOptions, Supernet } from '../../src/native/index.js'
import type { Path } from '../../src/spaces/space.js'
import { PlanCache } from '../../src/training/plan-cache.js'
import { randomNumbers } from '../support/random.js'
import { byName } from '../support/state.js'
import { fixtureImages, fixtureRates, fixtureWeights, input, space, fixture as tiny } from '../support/tiny-fixture.js'

interface Step {
  readonly loss: number
  /** Per parameter its norm and its product with the probe. */
  readonly parameters: readonly [number, number][]
}
interface Fixture {
  readonly paths: readonly (readonly Path[])[]
  readonly probeSeed: number
  readonly fairnas: readonly Step[]
  readonly sumnas: readonly Step[]
  readonly sumnasKeepingMomentum: readonly Step[]
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/methods.json', import.meta.url), 'utf8'))

const specs = space.parameters()
const dataset = new Dataset({ images: fixtureImages(), labels: Int32Array.from(tiny.labels), ...input })
const indices = Int32Array.from(tiny.labels, (_, i) => i)
const options: StepOptions = { ...fixtureRates, unsampled: 'decay' }

function make(settings: object): Method {
  const { method } = parseConfig({ method: settings as never })
  const { learningRate } = options
  return createMethod(method, { space, images: 6, epochs: 1, learningRate, random: createRandom(0) })
}

async function expectSteps(method: Method, expected: readonly Step[]) {
  using net = new Supernet(specs)
  await net.write('parameters', fixtureWeights())
  using plans = new PlanCache(space, net)
  const drawn: Path[] = []
  const plan = (path: Path) => {
    drawn.push(path)
    return plans.get(path)
  }
  for (const [i, step] of expected.entries()) {
    drawn.length = 0
    const outcome = await method.step({ supernet: net, plan }, { dataset, indices }, options)
    expect(drawn).toEqual(fixture.paths[i])
    expect(Math.abs(outcome.loss - step.loss)).toBeLessThan(1e-5)
    const weights = byName(specs, await net.read('parameters'))
    const probe = randomNumbers(fixture.probeSeed)
    for (const [p, { name }] of specs.entries()) {
      const values = weights.get(name)!
      const [norm, product] = step.parameters[p]
      expect(Math.abs(Math.hypot(...values) / norm - 1), name).toBeLessThan(1e-5)
      expect(Math.abs(values.reduce((sum, value) => sum + value * probe(), 0) - product), name).toBeLessThan(
        2e-5 * Math.max(1, norm),
      )
    }
  }
}

describe('FairNAS', () => {
  it('steps as PyTorch does', () => expectSteps(make({ name: 'fairnas' }), fixture.fairnas))

  it('gives every operation of every edge exactly one gradient per step', async () => {
    using net = new Supernet(specs)
    await net.write('parameters', fixtureWeights())
    using plans = new PlanCache(space, net)
    const method = make({ name: 'fairnas' })
    const times = new Map<string, number>()
    const accumulate: Supernet['accumulate'] = (plan, batch) => {
      for (const name of plan.parameters) times.set(name, (times.get(name) ?? 0) + 1)
      return net.accumulate(plan, batch)
    }
    const supernet = Object.create(net, {
      accumulate: { value: accumulate },
      hold: { value: net.hold.bind(net) },
      recordMoments: { value: net.recordMoments.bind(net) },
      clip: { value: net.clip.bind(net) },
      update: { value: net.update.bind(net) },
    })
    for (let step = 1; step <= 20; step++) {
      await method.step({ supernet, plan: (path) => plans.get(path) }, { dataset, indices }, options)
      for (const { name, operation } of specs) {
        if (operation !== undefined) expect(times.get(name), name).toBe(step)
      }
    }
    const { timesSampled } = await net.moments()
    expect([...timesSampled]).toEqual(specs.map(() => 20))
  })
})

describe('SUMNAS', () => {
  it('steps as PyTorch does', () => expectSteps(make({ name: 'sumnas' }), fixture.sumnas))

  it('with inner momentum that outlasts paths, as the released script has it, for one epoch per step', async () => {
    const method = make({ name: 'sumnas', compat: true })
    const step = method.step.bind(method)
    // The released script also keeps the first step's paths; the fixture has others in the second step.
    method.step = async (...args) => {
      const outcome = await step(...args)
      method.endEpoch(0)
      return outcome
    }
    await expectSteps(method, fixture.sumnasKeepingMomentum)
  })

  it('has restored the shared weights before its own update', async () => {
    using net = new Supernet(specs)
    const start = fixtureWeights()
    await net.write('parameters', start)
    using plans = new PlanCache(space, net)
    let restored: Float32Array | undefined
    const displacementToGradients = async () => {
      restored = await net.read('parameters')
      await net.displacementToGradients()
    }
    const bound = Object.fromEntries(
      (['hold', 'snapshot', 'restore', 'accumulate', 'recordMoments', 'clip', 'update'] as const).map((verb) => [
        verb,
        { value: (net[verb] as (...args: never[]) => unknown).bind(net) },
      ]),
    )
    const supernet = Object.create(net, { ...bound, displacementToGradients: { value: displacementToGradients } })
    await make({ name: 'sumnas' }).step({ supernet, plan: (path) => plans.get(path) }, { dataset, indices }, options)
    expect(restored).toEqual(start)
    expect(await net.read('parameters')).not.toEqual(start)
  })
})
