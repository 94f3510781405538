import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { createMethod, type Engine, MagicA, MagicT, Spos } from '../../../src/methods/index.js'
import type { Batch, EvaluateRecord, Plan, StepOptions, StepRecord } from '../../../src/native/index.js'
import { darts, nasBench201, type Path } from '../../../src/spaces/index.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 } })
const context = (of = space as Parameters<typeof createMethod>[1]['space']) => ({
  space: of,
  images: 10,
  epochs: 3,
  learningRate: 0.1,
  random: createRandom(0),
})
const OPTIONS = { learningRate: 0.1 } as StepOptions
const batch = { indices: Int32Array.of(1, 2, 3, 4) } as Batch

type Score = Pick<EvaluateRecord, 'correct' | 'loss'>

/** An engine whose plans are paths; `score` says how well one does. */
function spy(score: (path: Path) => Score = () => ({ correct: 2, loss: 1 })) {
  const calls: { verb: 'observe' | 'trainStep'; path: Path; batch: unknown; options?: StepOptions }[] = []
  const held: { batch: Batch; disposed: boolean }[] = []
  const pathOf = (plan: Plan) => plan as unknown as Path
  const supernet = {
    hold(batch: Batch) {
      const each = {
        batch,
        disposed: false,
        [Symbol.dispose]() {
          each.disposed = true
        },
      }
      held.push(each)
      return each
    },
    async observe(plan: Plan, batch: unknown) {
      calls.push({ verb: 'observe', path: pathOf(plan), batch })
      return { count: 4, ...score(pathOf(plan)) }
    },
    async trainStep(plan: Plan, batch: unknown, options: StepOptions) {
      calls.push({ verb: 'trainStep', path: pathOf(plan), batch, options })
      return { ...score(pathOf(plan)) } as StepRecord
    },
  }
  return { engine: { plan: (path: Path) => path, supernet } as unknown as Engine, calls, held }
}

const differences = (a: Path, b: Path) => a.filter((option, c) => option !== b[c]).length

describe('MAGIC-T', () => {
  it.each([space, darts()])('trains paths of $name that differ from the one before in one choice', async (of) => {
    const method = new MagicT(context(of))
    const { engine, calls } = spy()
    for (let step = 0; step < 2000; step++) await method.step(engine, batch, OPTIONS)
    for (let step = 1; step < calls.length; step++) {
      expect(differences(calls[step].path, calls[step - 1].path)).toBe(1)
    }
    expect(calls.every(({ verb, options }) => verb === 'trainStep' && options === OPTIONS)).toBe(true)
  })

  it('continues the chain where it was', async () => {
    const { engine, calls } = spy()
    const unbroken = new MagicT(context())
    for (let step = 0; step < 10; step++) await unbroken.step(engine, batch, OPTIONS)
    const first = context()
    const broken = new MagicT(first)
    expect(broken.state()).toEqual({})
    for (let step = 0; step < 5; step++) await broken.step(engine, batch, OPTIONS)
    const resumed = new MagicT(first)
    resumed.restore(broken.state())
    for (let step = 0; step < 5; step++) await resumed.step(engine, batch, OPTIONS)
    const paths = calls.map(({ path }) => path)
    expect(paths.slice(10)).toEqual(paths.slice(0, 10))
  })
})

describe('MAGIC-A', () => {
  it('observes the anchor and aligns with it, on the same batch', async () => {
    const method = new MagicA({ alignment: 0.3, paths: 'uniform' }, context())
    const { engine, calls, held } = spy()
    await method.step(engine, batch, OPTIONS)
    expect(calls).toEqual([{ verb: 'trainStep', path: method.anchor, batch, options: OPTIONS }])
    const { anchor } = method
    await method.step(engine, batch, OPTIONS)
    expect(held).toMatchObject([{ batch, disposed: true }])
    expect(calls[1]).toEqual({ verb: 'observe', path: anchor, batch: held[0] })
    expect(calls[2]).toMatchObject({ verb: 'trainStep', options: { ...OPTIONS, alignment: 0.3 } })
    expect(calls[2].batch).toBe(held[0])
    expect(calls[2].path).not.toEqual(anchor)
  })

  it('replaces the anchor by paths that do better on the batch, and by no others', async () => {
    // Accuracy is by the first edge, the loss falls with the second: many paths are equal.
    const score = (path: Path): Score => ({ correct: path[0], loss: 5 - path[1] })
    const method = new MagicA({ alignment: 1, paths: 'uniform' }, context())
    const { engine, calls } = spy(score)
    let replaced = 0
    let kept = 0
    let ties = 0
    for (let step = 0; step < 300; step++) {
      const before = method.anchor
      await method.step(engine, batch, OPTIONS)
      const { path } = calls.at(-1)!
      if (before === undefined) continue
      const better = path[0] > before[0] || (path[0] === before[0] && path[1] > before[1])
      if (path[0] === before[0]) ties++
      expect(method.anchor).toEqual(better ? path : before)
      if (better) replaced++
      else kept++
    }
    expect(Math.min(replaced, kept, ties)).toBeGreaterThan(1)
    expect(method.anchor!.slice(0, 2)).toEqual([4, 4])
  })

  it('has nothing to align where the path is the anchor', async () => {
    const method = new MagicA({ alignment: 1, paths: 'uniform' }, { ...context(), space: { ...space, choices: [] } })
    const { engine, calls } = spy()
    for (let step = 0; step < 3; step++) await method.step(engine, batch, OPTIONS)
    expect(calls.map(({ verb }) => verb)).toEqual(['trainStep', 'trainStep', 'trainStep'])
  })

  it('draws the paths of SPOS, or those of MAGIC-T', async () => {
    const pathsOf = async (method: MagicA | MagicT | Spos) => {
      const { engine, calls } = spy()
      for (let step = 0; step < 20; step++) await method.step(engine, batch, OPTIONS)
      return calls.flatMap(({ verb, path }) => (verb === 'trainStep' ? [path] : []))
    }
    expect(await pathsOf(new MagicA({ alignment: 1, paths: 'uniform' }, context()))).toEqual(
      await pathsOf(new Spos({ sampling: 'uniform' }, context())),
    )
    expect(await pathsOf(new MagicA({ alignment: 1, paths: 'chain' }, context()))).toEqual(
      await pathsOf(new MagicT(context())),
    )
  })

  it.each(['uniform', 'chain'] as const)('continues with its anchor and its %s paths', async (paths) => {
    const score = (path: Path): Score => ({ correct: path[0] * path[1], loss: path[2] })
    const config = { alignment: 1, paths }
    const { engine, calls } = spy(score)
    const unbroken = new MagicA(config, context())
    for (let step = 0; step < 12; step++) await unbroken.step(engine, batch, OPTIONS)
    const all = calls.splice(0)
    const first = context()
    const broken = new MagicA(config, first)
    expect(broken.state()).toEqual({})
    for (let step = 0; step < 5; step++) await broken.step(engine, batch, OPTIONS)
    const resumed = new MagicA(config, first)
    resumed.restore(broken.state())
    for (let step = 0; step < 7; step++) await resumed.step(engine, batch, OPTIONS)
    const told = (each: typeof all) => each.map(({ verb, path, options }) => ({ verb, path, options }))
    expect(told(calls)).toEqual(told(all))
  })

  it('makes plans of programs with taps', () => {
    const program = new MagicA({ alignment: 1, paths: 'uniform' }, context()).program([3, 2, 0, 1, 4, 3])
    expect(program.instructions.filter(({ op }) => op === 'tap')).toHaveLength(2 * 3 * 3)
  })
})

describe('SPOS', () => {
  it('reports which operations it takes', () => {
    const shares = (sampling: 'uniform' | 'modelSize' | 'deIsomorphic') =>
      createMethod({ name: 'spos', sampling }, context()).pathDistribution as readonly number[]
    expect(shares('uniform')).toEqual([0.2, 0.2, 0.2, 0.2, 0.2])
    for (const sampling of ['modelSize', 'deIsomorphic'] as const) {
      expect(shares(sampling).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10)
    }
    // Convolutions of 3×3 are large; classes of paths without signal are few.
    expect(shares('modelSize')[3]).toBeGreaterThan(0.22)
    expect(shares('deIsomorphic')[0]).toBeLessThan(0.19)
  })

  it('refuses isomorphism classes where a space has none', () => {
    expect(() => createMethod({ name: 'spos', sampling: 'deIsomorphic' }, context(darts()))).toThrow(
      'Expected a space with an isomorphism rule for method.sampling but received darts, which has none',
    )
  })
})
