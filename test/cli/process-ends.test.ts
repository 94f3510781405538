/** How runs by several processes end: by failures, signals and lost processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { comparable, events, MAIN, type Outcome, pada, resultOf, tiny } from '../support/harness.js'
import { SYNCHRONISED, streamsOf, train } from '../support/processes.js'
import { until } from '../support/until.js'

const folder = mkdtempSync(join(tmpdir(), 'pada-ends-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('processes end together', () => {
  const LONG = ['training.epochs=2000', 'training.checkpointSeconds=0', 'distributed.silenceSeconds=3']

  /** A training by three processes that has saved a checkpoint, and the processes besides the first. */
  async function begun(
    name: string,
  ): Promise<{ run: string; first: ChildProcess; others: number[]; end: Promise<Outcome> }> {
    const run = join(folder, name)
    const args = ['train', ...tiny(...LONG), '--out', run, '--processes', '3']
    const first = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    first.stderr.on('data', (text) => {
      stderr += text
    })
    const end = new Promise<Outcome>((done) =>
      first.on('close', (code, signal) => done({ code, signal, stdout: '', stderr })),
    )
    await until(() => existsSync(join(run, 'checkpoint', 'state.json')))
    const children = readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8')
    return { run, first, others: children.trim().split(' ').map(Number), end }
  }

  const lives = (pid: number) => existsSync(`/proc/${pid}`)

  test.skipIf(process.platform !== 'linux')('one that is killed', async () => {
    const { run, others, end } = await begun('killed')
    process.kill(others[1], 'SIGKILL')
    const { code, stderr } = await end
    expect(code).toBe(1)
    expect(stderr).toContain('rank 2 has ended without a word')
    await until(() => !others.some(lives))
    // The last checkpoint is whole, and another number of processes goes on from it.
    const resumed = await pada(['rank', run, '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
  })

  test.skipIf(process.platform !== 'linux')('one that is stopped', async () => {
    const { others, end } = await begun('stopped')
    process.kill(others[0], 'SIGSTOP')
    const { code, stderr } = await end
    expect(code).toBe(1)
    expect(stderr).toContain('Expected a sign of life of rank 1 but received none for 3 s')
    process.kill(others[0], 'SIGCONT')
    await until(() => !others.some(lives))
  })

  /** What rank 0 says of a sum that rank 1, which does `other` and lives on, never begins. */
  async function saidOfSum(name: string, patience: number, other: string): Promise<string> {
    const program = `
      import { Communicator, ensureNative } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      await ensureNative()
      const rank = Number(process.argv[1])
      const options = { rank, size: 2, silence: 60, patience: ${patience} }
      const communicator = new Communicator({ file: process.argv[2] }, options)
      await communicator.connect()
      if (rank === 1) {
        ${other}
        setTimeout(() => process.exit(0), 60_000)
      } else {
        await communicator.sum(new Float64Array(1)).catch(({ code, message }) => console.log(code, message))
        process.exit(0)
      }
    `
    const [first, second] = [0, 1].map((rank) =>
      spawn(process.execPath, ['--input-type=module', '-e', program, '--', `${rank}`, join(folder, name)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    )
    let said = ''
    first.stdout.on('data', (text) => {
      said += text
    })
    await new Promise((done) => first.on('close', done))
    second.kill('SIGKILL')
    return said
  }

  test('one that lives but does not come', async () => {
    expect(await saidOfSum('late-store', 2, '')).toBe(
      'ERR_PEER Expected all processes within 2 s but received nothing from at least one, which is alive\n',
    )
  })

  test('one that has left and lives on', async () => {
    const leave = "communicator.fallSilent(); communicator.set('alive/1', 'left')"
    expect(await saidOfSum('left-store', 600, leave)).toBe(
      'ERR_PEER Expected all processes to go on but rank 1 has left\n',
    )
  })

  test.skipIf(process.platform !== 'linux')('the first, killed', async () => {
    const { first, others, end } = await begun('first')
    first.kill('SIGKILL')
    await end
    await until(() => !others.some(lives))
  })

  test.skipIf(process.platform !== 'linux').each(['first', 'other'])(
    'interrupted, by a signal to the %s: saved, and another number of processes goes on',
    async (which) => {
      const { run, first, others, end } = await begun(`interrupted-${which}`)
      process.kill(which === 'first' ? first.pid! : others[1], 'SIGINT')
      const { code, stderr } = await end
      expect(code, stderr).toBe(130)
      await until(() => !others.some(lives))
      const state = JSON.parse(readFileSync(join(run, 'checkpoint', 'state.json'), 'utf8'))
      const { epoch } = state.progress
      const epochs = readFileSync(join(run, 'events.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .filter((line) => JSON.parse(line).event === 'epoch')
      expect(epochs.length).toBe(epoch)
    },
  )

  test('a run continues with other numbers of processes, on the same paths and images', async () => {
    const settings = ['method={name: spos}', 'training.epochs=4', SYNCHRONISED]
    const whole = await train(folder, 'whole', settings)
    const run = join(folder, 'changing')
    const hook = new URL('../support/signal-itself.mjs', import.meta.url)
    const at = { event: { event: 'checkpoint', epoch: 2, step: 3 } }
    hook.searchParams.set('of', JSON.stringify({ signal: 'SIGTERM', at }))
    const first = await pada(
      ['train', ...tiny(...settings, 'training.checkpointSeconds=0'), '--out', run, '--processes', '2', '--json'],
      { node: ['--import', hook.href] },
    )
    expect(first.code, first.stderr).toBe(130)
    expect(first.stderr).toContain(`Continue with: npx pada-native train --resume ${run} --processes 2\n`)
    const second = await pada(['train', '--resume', run, '--processes', '3', '--json'])
    expect(second.code, second.stderr).toBe(0)
    expect(streamsOf(run)).toEqual(streamsOf(whole))
    expect(comparable(resultOf(second))).toMatchObject({ epochs: 4 })
    // Synchronised batch norms are those of any number of processes.
    expect(second.stderr).not.toContain('other shares')
  })

  test('a run that continues with another number of processes says that its numbers change', async () => {
    const run = join(folder, 'fewer')
    const hook = new URL('../support/signal-itself.mjs', import.meta.url)
    hook.searchParams.set('of', JSON.stringify({ signal: 'SIGTERM', at: { event: { event: 'epoch', epoch: 0 } } }))
    const first = await pada(['train', ...tiny(), '--out', run, '--processes', '2', '--json'], {
      node: ['--import', hook.href],
    })
    expect(first.code, first.stderr).toBe(130)
    const second = await pada(['train', '--resume', run, '--json'])
    expect(second.code, second.stderr).toBe(0)
    const sentence = 'the run began with 2 processes: batch norms of 1 normalise by other shares, so its numbers change'
    expect(events(second)[0]).toMatchObject({ event: 'start', warnings: expect.arrayContaining([sentence]) })
  })
})
