/** Jobs, with a made-up program in the place of the command. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { runJobs } from '../../../src/cli/jobs.js'
import type { ExperimentEvent } from '../../../src/experiment/events.js'
import { temporaryFolder } from '../../support/folders.js'
import { until } from '../../support/until.js'

const program = process.argv[1]
let folder: string
let said: string[]
let events: ExperimentEvent[]
beforeEach(() => {
  process.argv[1] = fileURLToPath(new URL('../../support/fake-job.mjs', import.meta.url))
  folder = temporaryFolder()
  said = []
  events = []
})
afterEach(() => {
  process.argv[1] = program
})

/** Runs jobs, none of which goes on before all have begun. */
function jobs(role: string, count: number, signal = new AbortController().signal): Promise<void> {
  return runJobs(count, [role, folder, `${count}`], { signal, event: take, say: (line) => void said.push(line) })
}
const take = (event: ExperimentEvent) => void events.push(event)
const kinds = () => events.map(({ event }) => event)
const left = (name: string) => readdirSync(folder).filter((file) => file.startsWith(name))

test('run at a time, and their events are those of one command', async () => {
  await jobs('done', 3)
  expect(kinds()).toEqual(['experiment', 'cell', 'cell', 'cell', 'report'])
  expect(said).toEqual([])
})

test('a search that failed is told once, after the report', async () => {
  await expect(jobs('failing', 2)).rejects.toMatchObject({
    message: 'Expected every search to end well but received 1 that failed: bad: its loss is not finite',
    exitCode: 1,
  })
  expect(kinds().filter((kind) => kind === 'cellFailed')).toHaveLength(1)
  expect(kinds().at(-1)).toBe('report')
})

test('if one is killed in the middle of a line, the others go on', async () => {
  await jobs('one-killed', 2)
  expect(kinds().at(-1)).toBe('report')
  expect(said.filter((line) => line !== 'A job ended with SIGKILL; 1 of 2 are left')).toEqual([])
})

test('if all are killed, that is the error', async () => {
  await expect(jobs('killed', 2)).rejects.toThrow(
    'Expected a job that comes to its end but all 2 ended with SIGKILL, as if memory ran out',
  )
})

test('if one cannot be started, the others go on', async () => {
  const real = process.execPath
  let jobsBegun = 0
  Object.defineProperty(process, 'execPath', {
    configurable: true,
    get: () => (jobsBegun++ < 1 ? join(folder, 'nowhere') : real),
  })
  onTestFinished(() => void Object.defineProperty(process, 'execPath', { configurable: true, value: real }))
  const options = { signal: new AbortController().signal, event: take, say: (line: string) => void said.push(line) }
  await runJobs(2, ['done', folder, '1'], options)
  expect(kinds().at(-1)).toBe('report')
  expect(said).toEqual([expect.stringMatching(/^A job ended with spawn .*nowhere ENOENT; 1 of 2 are left$/)])

  jobsBegun = -1
  await expect(runJobs(2, ['done', folder, '1'], options)).rejects.toThrow(
    /^Expected a job that comes to its end but all 2 ended with spawn .*nowhere ENOENT$/,
  )
})

test('what all refuse is said once, with their exit code', async () => {
  await expect(jobs('refused', 2)).rejects.toMatchObject({ message: 'Expected something else', exitCode: 2 })
  expect(events).toEqual([])
})

test('an aborted signal interrupts each once', async () => {
  const controller = new AbortController()
  const running = jobs('waits', 2, controller.signal)
  await until(() => kinds().includes('experiment') && left('begun').length === 2)
  controller.abort(new DOMException('interrupted', 'AbortError'))
  await expect(running).rejects.toThrow('interrupted')
  expect(left('interrupted')).toHaveLength(2)
})
