import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FollowedRun } from '../../../src/watch/followed-run.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'followed-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const epochs = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    return `${JSON.stringify({ event: 'epoch', epoch: from + i, loss: 1, padding: 'x'.repeat(1000) })}\n`
  }).join('')

test('a long log is thinned at first and then read whole, and goes on to be followed', async () => {
  const log = join(folder, 'events.jsonl')
  writeFileSync(log, epochs(0, 1200))
  const run = new FollowedRun('run', folder)
  await run.poll()
  expect(run.thinned).toBe(true)
  const first = run.overview()
  expect(first.rows).toBeGreaterThan(300)
  expect(first.rows).toBeLessThan(500)
  expect(run.log.epochs.column('epoch')?.at(-1)).toBe(1199)

  await run.readWhole()
  expect(run.thinned).toBe(false)
  expect(run.overview()).toMatchObject({ rows: 1200, generation: first.generation + 1 })

  appendFileSync(log, epochs(1200, 1203))
  expect(await run.poll()).toBe(true)
  expect(run.overview().rows).toBe(1203)
})

test('a short log is read whole at once', async () => {
  writeFileSync(join(folder, 'events.jsonl'), epochs(0, 50))
  const run = new FollowedRun('run', folder)
  await run.poll()
  expect(run.thinned).toBe(false)
  expect(run.overview().rows).toBe(50)
})
