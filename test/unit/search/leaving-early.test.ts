/** Whoever leaves a `for await` early or aborts its signal gets everything given back that it held. */
import '../../support/fake-addon.js'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { rank } from '../../../src/evaluation/ranking.js'
import { planExperiment } from '../../../src/experiment/load.js'
import { experiment } from '../../../src/experiment/run.js'
import { createMethod } from '../../../src/methods/index.js'
import { Dataset, Supernet } from '../../../src/native/index.js'
import type { ResultEvent, SearchEvent } from '../../../src/search/events.js'
import { search } from '../../../src/search/search.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { train } from '../../../src/training/loop.js'
import { journal } from '../../support/fake-journal.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, tinyConfig, tinyImages, tinySplits } from '../../support/tiny.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const config = tinyConfig({ finding: { algorithm: 'random', evaluations: 10 } })
const options = () => ({ out: join(folder, 'run'), data: tinySplits })
const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 }, classes: 4 })

describe('search', () => {
  it.each(['start', 'step', 'epoch', 'evaluated', 'candidate'] as const)('left at an event %s', async (last) => {
    let during = 0
    for await (const event of search(config, options())) {
      during = journal.open.size
      if (event.event === last) break
    }
    expect(during).toBeGreaterThan(0)
    expect(journal.open.size).toBe(0)
  })

  it.each(['epoch', 'evaluated', 'candidate'] as const)('aborted at an event %s', async (last) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const work = async () => {
      for await (const event of search(config, { ...options(), signal: controller.signal })) {
        if (event.event === last) controller.abort(reason)
      }
    }
    await expect(work()).rejects.toBe(reason)
    expect(journal.open.size).toBe(0)
  })

  it('aborted before it begins', async () => {
    const reason = new Error('never mind')
    const work = collect(search(config, { ...options(), signal: AbortSignal.abort(reason) }))
    await expect(work).rejects.toBe(reason)
    expect(readdirSync(folder)).toEqual([])
  })
})

it('an experiment left in the middle of a search lets go of its cell, and goes on later', async () => {
  const base = join(folder, 'base.yaml')
  writeFileSync(base, '{}')
  const { space, training, ranking } = config
  const plan = await planExperiment({
    name: 'early',
    config: base,
    set: { space, training, ranking },
    seeds: [0],
    studies: { methods: { figure: 'method', methods: ['spos'] } },
  })
  const again = { out: join(folder, 'out'), data: tinySplits }
  for await (const event of experiment(plan, again)) {
    if (event.event === 'search' && event.search.event === 'epoch') break
  }
  expect(journal.open.size).toBe(0)
  const names: string[] = []
  for await (const event of experiment(plan, again)) names.push(event.event)
  expect(names).not.toContain('waiting')
  expect(names.at(-1)).toBe('report')
})

describe('in parts', () => {
  function parts() {
    const random = createRandom(config.seed)
    const { training: settings } = config
    const method = createMethod(config.method, { space, images: 50, random, ...settings })
    return { space, method, random, settings }
  }

  it('training that is left keeps no plan', async () => {
    using supernet = Supernet.of(space)
    using data = new Dataset(tinyImages(50))
    for await (const event of train({ ...parts(), supernet, data })) if (event.event === 'epoch') break
    expect(journal.open.size).toBe(2)
  })

  it('training needs nothing to save to, and ranking nothing to read from: the numbers are those of a search', async () => {
    using supernet = Supernet.of(space)
    using data = new Dataset(tinySplits.train)
    using test = new Dataset(tinySplits.test)
    const trained: SearchEvent[] = []
    for await (const event of train({ ...parts(), supernet, data })) trained.push(event)
    expect(trained.some(({ event }) => event === 'checkpoint')).toBe(false)

    const searched = await collect(search(config, options()))
    const losses = (events: SearchEvent[]) => events.flatMap((event) => (event.event === 'epoch' ? [event.loss] : []))
    expect(losses(trained)).toEqual(losses(searched))
    const { top } = searched.at(-1) as ResultEvent
    const subModels = top.map(({ path }) => path)
    const ranking = rank({ space, supernet, data: test, settings: config.ranking, subModels })
    for (;;) {
      const { done, value } = await ranking.next()
      if (!done) continue
      expect(value.map(({ accuracy }) => accuracy)).toEqual(top.map(({ accuracy }) => accuracy))
      break
    }
  })
})
