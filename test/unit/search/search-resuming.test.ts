import '../../support/fake-addon.js'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import type { ConfigInput } from '../../../src/config/index.js'
import type { ResultEvent } from '../../../src/search/events.js'
import { journal } from '../../support/fake-journal.js'
import { searchFolder } from '../../support/search-folder.js'
import { collect, timeless, tinyConfig } from '../../support/tiny.js'

const { at, out, read, lines, run, interrupted } = searchFolder()

describe('resuming', () => {
  const variants: ConfigInput[] = [
    {},
    {
      method: {
        name: 'pada',
        perEdge: true,
        unbiased: true,
        dataImportance: 'mean',
        pathSchedule: { kind: 'constant', value: 0.7 },
      },
    },
    { method: { name: 'spos' } },
  ]
  for (const [i, changes] of variants.entries()) {
    for (const [epoch, step] of [
      [0, 1],
      [1, 4],
      [2, 7],
    ]) {
      it(`equals an unbroken run, stopped in epoch ${epoch} after step ${step} (variant ${i})`, async () => {
        const config = tinyConfig(changes)
        // Zero seconds between reports makes every step an event to stop at.
        vi.spyOn(performance, 'now').mockImplementation(ticking())
        const unbroken = await collect(run(config, { out: out('unbroken') }))
        const before = await interrupted(
          config,
          {},
          (event) => event.event === 'step' && event.epoch === epoch && event.step === step,
        )
        const after = await collect(run(config, { resume: out() }))
        vi.restoreAllMocks()
        expect(after[0]).toMatchObject({ event: 'start' })
        const position = step === 7 ? undefined : { epoch, step }
        if (position !== undefined) expect(after[0]).toMatchObject({ resumed: position })
        expect(before.length + after.length).toBeGreaterThan(unbroken.length)
        expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
        expect(read('run', 'ranking.csv')).toBe(read('unbroken', 'ranking.csv'))
        for (const file of ['weights.safetensors', 'state.safetensors']) {
          const bytes = (name: string) => readFileSync(at(name, 'checkpoint', file))
          expect(bytes('run').equals(bytes('unbroken'))).toBe(true)
        }
      })
    }
  }

  it('starts anew where nothing was saved yet, and drops what the log already held', async () => {
    const config = tinyConfig()
    await collect(run(config, { out: out('unbroken') }))
    mkdirSync(out())
    writeFileSync(join(out(), 'config.yaml'), read('unbroken', 'config.yaml'))
    writeFileSync(join(out(), 'events.jsonl'), '{"event":"start"}\n{"event":"epoch"}\n{"ev')
    await collect(run(config, { resume: out() }))
    expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
  })

  it('cuts the log back to the checkpoint, torn lines included, and goes on from there', async () => {
    const config = tinyConfig()
    await collect(run(config, { out: out('unbroken') }))
    await interrupted(config, {}, (event) => event.event === 'epoch' && event.epoch === 1)
    writeFileSync(join(out(), 'events.jsonl'), `${read('run', 'events.jsonl')}{"event":"epoch","epoch":2}\n{"eve`)
    await collect(run(config, { resume: out() }))
    expect(lines('run').map(timeless)).toEqual(lines('unbroken').map(timeless))
  })

  it('completes the replacement of a checkpoint that was cut between its two renames', async () => {
    const { renameSync } = await import('node:fs')
    const config = tinyConfig()
    await collect(run(config))
    renameSync(join(out(), 'checkpoint'), join(out(), 'checkpoint.new'))
    mkdirSync(join(out(), 'checkpoint.old'))
    const events = await collect(run(config, { resume: out() }))
    expect(events[0]).toMatchObject({ resumed: { epoch: 3, step: 0 } })
    expect(readdirSync(out()).filter((name) => name.startsWith('checkpoint'))).toEqual(['checkpoint'])
  })

  it('goes on with a ranking where it stopped and ignores a torn line', async () => {
    const config = tinyConfig()
    const unbroken = (await collect(run(config, { out: out('unbroken') }))).at(-1)!
    await interrupted(config, {}, (event) => event.event === 'evaluated' && event.done === 7)
    const evaluated = join(out(), 'evaluated.jsonl')
    const kept = read('run', 'evaluated.jsonl')
    expect(kept.trim().split('\n')).toHaveLength(8)
    writeFileSync(evaluated, kept.slice(0, -5))
    journal.evaluated = 0
    const events = await collect(run(config, { resume: out() }))
    expect(timeless(events.at(-1)!)).toEqual(timeless(unbroken))
    const total = events.filter((event) => event.event === 'evaluated').length
    expect(journal.evaluated).toBe(total - 6)
    expect(read('run', 'ranking.csv')).toBe(read('unbroken', 'ranking.csv'))
  })

  it('does the halves apart, and ranks again in other ways', async () => {
    const config = tinyConfig()
    const whole = (await collect(run(config, { out: out('whole') }))).at(-1)!
    const trained = (await collect(run(config, { phases: ['train'] }))).at(-1) as ResultEvent
    expect(trained).toMatchObject({ kendallTau: null, top: [], ranked: 0 })
    const ranked = await collect(run(config, { resume: out(), phases: ['rank'] }))
    expect(ranked.some((event) => event.event === 'epoch')).toBe(false)
    expect(timeless(ranked.at(-1)!)).toEqual(timeless(whole))
    const other = tinyConfig({ ranking: { subModels: 5, top: 3 } })
    const again = (await collect(run(other, { resume: out(), phases: ['rank'] }))).at(-1) as ResultEvent
    expect(again.top).toHaveLength(3)
    expect(again.ranked).toBe(5)
  })

  it('keeps the settings of a ranking until another one takes its place', async () => {
    await collect(run(tinyConfig()))
    const before = [read('run', 'config.yaml'), read('run', 'ranking.csv'), read('run', 'summary.json')]
    const other = tinyConfig({ ranking: { subModels: 5, top: 3, batchSize: 5 } })
    const again = { resume: out(), phases: ['rank'] } as const
    await interrupted(other, again, (event) => event.event === 'evaluated')
    expect([read('run', 'config.yaml'), read('run', 'ranking.csv'), read('run', 'summary.json')]).toEqual(before)
    await collect(run(other, again))
    expect(parse(read('run', 'config.yaml'))).toMatchObject({ ranking: { subModels: 5, top: 3 } })
    expect(JSON.parse(read('run', 'summary.json'))).toMatchObject({ ranked: 5 })
  })

  it('keeps the settings of the results that stay', async () => {
    await collect(run(tinyConfig()))
    const ranked = parse(read('run', 'config.yaml')).ranking
    const finding = { algorithm: 'random', evaluations: 4 } as const
    const found = tinyConfig({ finding, ranking: { subModels: 5, batchSize: 5 } })
    await collect(run(found, { resume: out(), phases: ['find'] }))
    // Finding evaluated as it was told to, which was not how the ranking did.
    const evaluated = { ...finding, batchSize: 5, imageCount: 20 }
    expect(parse(read('run', 'config.yaml'))).toMatchObject({ ranking: ranked, finding: evaluated })
    await collect(run(tinyConfig({ ranking: { subModels: 5 } }), { resume: out(), phases: ['rank'] }))
    expect(parse(read('run', 'config.yaml'))).toMatchObject({ ranking: { subModels: 5 }, finding: evaluated })
  })

  it.each([
    // The first has no running statistics, so nothing of it depends on how they are estimated.
    [{ name: 'nasbench201', channels: 2, cellsPerStage: 1 }, true],
    [{ name: 'nasbench-macro', channels: 4 }, false],
  ] as const)('keeps no result that was made with other running statistics: %j', async (space, isKept) => {
    const finding = { algorithm: 'random', evaluations: 4 } as const
    await collect(run(tinyConfig({ space, finding })))
    expect(readdirSync(out())).toContain('found.csv')
    const ranking = { ...tinyConfig().ranking, recalibration: { images: 10, batchSize: 5 } }
    const events = await collect(run(tinyConfig({ space, finding, ranking }), { resume: out(), phases: ['rank'] }))
    const lost = { event: 'discarded', file: 'found.csv', changed: ['recalibration'] }
    expect(events.filter(({ event }) => event === 'discarded')).toEqual(isKept ? [] : expect.arrayContaining([lost]))
    expect(existsSync(join(out(), 'found.csv'))).toBe(isKept)
    expect(JSON.parse(read('run', 'summary.json')).found !== undefined).toBe(isKept)
  })

  it('saves as often as it is told to', async () => {
    const config = tinyConfig({ training: { epochs: 2, batchSize: 8, checkpointSeconds: 0 } })
    const events = await collect(run(config))
    const positions = events
      .filter((event) => event.event === 'checkpoint')
      .map(({ epoch, step }) => `${epoch}/${step}`)
    expect(positions).toEqual([0, 1].flatMap((e) => [...[1, 2, 3, 4, 5, 6].map((s) => `${e}/${s}`), `${e + 1}/0`]))
  })
})

/** A clock that moves a second with every look at it. */
function ticking(): () => number {
  let now = 0
  return () => {
    now += 1000
    return now
  }
}
