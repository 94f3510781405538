/**
 * A power cut at any moment of a search leaves a folder in which the search continues to the same numbers, or begins
 * anew. Afterwards nothing of it is damaged. The same with a disk that is full at any write. scripts/fuzz/power.mjs and
 * full.mjs do it with the command.
 */
import '../../support/fake-addon.js'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { randomSource } from '../../../scripts/fuzz/mutate.mjs'
import { cutPower } from '../../../scripts/fuzz/storage.mjs'
import { FILLING, isProgress, type Write, watchWrites } from '../../../scripts/fuzz/writes.mjs'
import type { SearchEvent } from '../../../src/search/events.js'
import { search } from '../../../src/search/search.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

const config = tinyConfig({ training: { epochs: 2, batchSize: 25, checkpointSeconds: 0 }, ranking: { subModels: 5 } })
const data = tinySplits
const result = (events: readonly SearchEvent[]) => timeless(events.at(-1)!)
/** A folder in which nothing has begun, or a run. */
const goOn = (run: string) =>
  collect(search(config, { data, ...(existsSync(join(run, 'config.yaml')) ? { resume: run } : { out: run }) }))

async function recorded(run: string): Promise<{ writes: Write[]; events: SearchEvent[] }> {
  const writes: Write[] = []
  const end = await watchWrites(
    () => {},
    (write) => writes.push(write),
  )
  try {
    return { writes, events: await collect(search(config, { out: run, data })) }
  } finally {
    end()
  }
}

function expectWhole(run: string): void {
  for (const line of readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n')) JSON.parse(line)
  for (const line of readFileSync(join(run, 'evaluated.jsonl'), 'utf8').trimEnd().split('\n')) JSON.parse(line)
  expect(readdirSync(run).filter((name) => /^checkpoint\./.test(name))).toEqual([])
}

it('a search continues after a power cut', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const { writes, events } = await recorded(run)
  expect(writes.filter(({ call }) => call === 'sync').length).toBeGreaterThan(20)
  let resumed = 0
  for (let seed = 0; seed < 40; seed++) {
    const random = randomSource(seed)
    const left = join(folder, `left${seed}`)
    cutPower(writes.slice(0, 1 + random.below(writes.length)), run, left, random)
    const again = await goOn(left).catch((error) => expect.fail(`seed ${seed}: ${error.message}`))
    expect(result(again), `seed ${seed}`).toEqual(result(events))
    expectWhole(left)
    const [start] = again
    // The log was synced before the checkpoint that counts on it.
    expect(again.filter((event) => event.event === 'discarded' && event.file === 'events.jsonl')).toEqual([])
    if (start.event === 'start' && start.resumed !== undefined) resumed++
  }
  expect(resumed).toBeGreaterThan(15)
})

/** Searches where the disk is full for some calls; resolves to the complaint. */
async function searchedOnFullDisk(run: string, isFull: (write: Write) => boolean): Promise<string | undefined> {
  const end = await watchWrites((write) => {
    if (FILLING.includes(write.call) && isFull(write)) {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    }
  })
  try {
    return await collect(search(config, { out: run, data })).then(
      () => undefined,
      (error: Error) => error.message,
    )
  } finally {
    end()
  }
}

it('a search continues after a disk was full at any file that it needs', async () => {
  const folder = temporaryFolder()
  const { writes, events } = await recorded(join(folder, 'run'))
  const needed = writes.filter(({ call, path }) => FILLING.includes(call) && !isProgress(path))
  // Of the many writes to one file, the last.
  const strikes = [...needed.keys()].filter(
    (at) => needed[at].call !== 'write' || needed[at + 1]?.path !== needed[at].path,
  )
  expect(strikes.length).toBeGreaterThan(30)
  for (const [i, at] of strikes.entries()) {
    // Full for one write, which a later one cannot hide; or from then on, so that clearing up fails too.
    for (const times of i % 3 === 0 ? [1, Number.POSITIVE_INFINITY] : [1]) {
      const run = join(folder, `full${at}-${times}`)
      let seen = -1
      const outcome = await searchedOnFullDisk(run, ({ path }) => {
        if (!isProgress(path)) seen++
        return seen >= at && seen < at + times
      })
      const where = `write ${at}, to ${basename(needed[at].path)}`
      expect(outcome ?? 'nothing', where).toMatch(
        /^Expected a place that can be written to for .* but received ENOSPC: the disk is full$/,
      )
      expect(result(await goOn(run)), where).toEqual(result(events))
      expectWhole(run)
    }
  }
})

it('a search goes on if the disk has no room for its progress', async () => {
  const folder = temporaryFolder()
  const { events } = await recorded(join(folder, 'run'))
  const run = join(folder, 'full')
  expect(await searchedOnFullDisk(run, ({ path }) => isProgress(path))).toBeUndefined()
  expect(result(await goOn(run))).toEqual(result(events))
  expectWhole(run)
})
