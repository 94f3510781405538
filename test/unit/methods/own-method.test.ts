/** A method of the user's own in the place of the one that the settings name. */
import '../../support/fake-addon.js'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import type { Engine, Method, MethodContext } from '../../../src/methods/method.js'
import { Spos } from '../../../src/methods/spos.js'
import type { Batch, StepOptions } from '../../../src/native/index.js'
import type { ResultEvent } from '../../../src/search/events.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import type { Path } from '../../../src/spaces/index.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const spos = (context: MethodContext) => new Spos({ sampling: 'uniform' }, context)
const named = (name: string) => (context: MethodContext) =>
  Object.defineProperty(spos(context), 'name', { value: name }) as Method
const run = (options: SearchOptions, config = tinyConfig()) => collect(search(config, { data: tinySplits, ...options }))
const out = (name: string) => join(folder, name)

it('searches as the same method does that the settings name', async () => {
  const own = await run({ out: out('own'), method: spos })
  const configured = await run({ out: out('configured') }, tinyConfig({ method: { name: 'spos' } }))
  expect(own.at(-1)).toMatchObject({ method: 'spos' })
  const results = [own, configured].map((events) => timeless(events.at(-1) as ResultEvent))
  expect(results[0]).toEqual(results[1])
})

it('may change programs before an epoch: plans of before are not used', async () => {
  const epochs: number[] = []
  const method = (context: MethodContext) =>
    new (class extends Spos {
      #epoch = -1
      async beginEpoch(epoch: number): Promise<void> {
        this.#epoch = epoch
      }
      program(path: Path) {
        epochs.push(this.#epoch)
        return context.space.program(path)
      }
      override step({ plan, supernet }: Engine, batch: Batch, options: StepOptions) {
        return supernet.trainStep(plan([0, 1, 2, 3, 4, 0]), batch, options)
      }
    })({ sampling: 'uniform' }, context)
  await run({ out: out('own'), method })
  expect(epochs).toEqual([0, 1, 2])
})

it.each([
  ['no method', () => undefined, 'Expected a method for what method returns but received undefined'],
  [
    'a method without a part',
    (context: MethodContext) => Object.assign(spos(context), { endEpoch: undefined }),
    /^Expected the functions epochIndices, step, .* for method but received none for endEpoch$/,
  ],
  ['no name', (context: MethodContext) => named('')(context), 'Expected a name for method.name but received ""'],
  [
    'no probabilities',
    (context: MethodContext) => Object.assign(spos(context), { pathDistribution: [Number.NaN, 1, 2] }),
    'Expected lists of probabilities for method.pathDistribution but received [null,1,2]',
  ],
  ['no function', 'spos', 'Expected a function that makes a method for method but received string'],
])('is refused before the run folder is made: %s', async (_, method, sentence) => {
  await expect(run({ out: out('own'), method: method as never })).rejects.toThrow(sentence)
  expect(existsSync(out('own'))).toBe(false)
})

it('is told what it is made for', async () => {
  const told: MethodContext[] = []
  const method = (context: MethodContext) => {
    told.push(context)
    return spos(context)
  }
  await run({ out: out('own'), method })
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ images: 50, epochs: 3, learningRate: 0.05, space: { name: 'nasbench201' } })
})

it('is not continued with another', async () => {
  const own = { method: named('first') }
  await run({ out: out('own'), ...own })
  const log = readFileSync(join(out('own'), 'events.jsonl'), 'utf8')
  await expect(run({ resume: out('own') })).rejects.toThrow(
    /^Expected a checkpoint of the method that the settings name in .* but received first$/,
  )
  await expect(run({ resume: out('own'), method: named('second') })).rejects.toThrow(
    /^Expected a checkpoint of second in .* but received first$/,
  )
  expect(readFileSync(join(out('own'), 'events.jsonl'), 'utf8')).toBe(log)
  const events = await run({ resume: out('own'), ...own, phases: ['rank'] })
  expect(events.at(-1)).toMatchObject({ method: 'first' })
})
