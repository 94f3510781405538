/** Searches of {@link tinyConfig} in a folder of each test's own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect } from 'vitest'
import type { SearchEvent } from '../../src/search/events.js'
import { type SearchOptions, search } from '../../src/search/search.js'
import { temporaryFolder } from './folders.js'
import { tinyConfig, tinySplits } from './tiny.js'

type Config = ReturnType<typeof tinyConfig>

/** Makes a folder before each test of the file. */
export function searchFolder() {
  let folder = ''
  const renew = () => {
    folder = temporaryFolder()
  }
  beforeEach(renew)

  const at = (...names: string[]) => join(folder, ...names)
  const out = (name = 'run') => at(name)
  const read = (...names: string[]) => readFileSync(at(...names), 'utf8')
  /** Events in the log of a run. */
  const lines = (name: string) =>
    read(name, 'events.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  /** A search into the folder `run`, if `options` do not say otherwise. */
  const run = (config: Config = tinyConfig(), options: SearchOptions = {}) => {
    const place = options.resume === undefined ? { out: out() } : {}
    return search(config, { data: tinySplits, ...place, ...options })
  }

  /** Runs until `stop` says so, then aborts; resolves once the search has saved itself. */
  const interrupted = async (config: Config, options: SearchOptions, stop: (event: SearchEvent) => boolean) => {
    const controller = new AbortController()
    const events: SearchEvent[] = []
    const work = async () => {
      for await (const event of run(config, { ...options, signal: controller.signal })) {
        events.push(event)
        if (stop(event)) controller.abort()
      }
    }
    await expect(work()).rejects.toMatchObject({ name: 'AbortError' })
    return events
  }

  return { at, out, read, lines, run, interrupted, renew }
}
