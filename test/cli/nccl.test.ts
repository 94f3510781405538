/** Sums of gradients by NCCL, for which a library of the same functions stands in where there is no GPU. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pada, tiny } from '../support/harness.js'
import { until } from '../support/until.js'

const SOURCE = fileURLToPath(new URL('../support/stand-in-nccl.cc', import.meta.url))
const TRAINING = fileURLToPath(new URL('../support/nccl-training.mjs', import.meta.url))
const compiler = process.env.CXX ?? 'c++'

const folder = mkdtempSync(join(tmpdir(), 'pada-nccl-'))
const library = join(folder, 'libstand-in-nccl.so')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function begin(run: string, settings: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const args = [TRAINING, library, run, ...settings]
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (text) => {
    stdout += text
  })
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const end = new Promise<Outcome>((done) => child.on('close', (code) => done({ code, stdout, stderr })))
  return { child, end }
}

const weightsOf = (run: string) => readFileSync(join(run, 'checkpoint', 'weights.safetensors'))

describe.skipIf(process.platform !== 'linux' || spawnSync(compiler, ['--version']).status !== 0)('NCCL', () => {
  beforeAll(() => {
    const words = ['-shared', '-fPIC', '-std=c++17', '-O1', '-pthread', SOURCE, '-o', library]
    const { status, stderr } = spawnSync(compiler, words, { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  })

  test('sums gradients as Gloo does', async () => {
    const run = join(folder, 'nccl')
    const { code, stdout, stderr } = await begin(run, ['training.epochs=2']).end
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout.split('\n')[0])).toEqual({ event: 'nccl', version: '2.28.3', sum: [3, 1] })
    const gloo = join(folder, 'gloo')
    const outcome = await pada(['train', ...tiny('training.epochs=2'), '--out', gloo, '--processes', '2', '--json'])
    expect(outcome.code, outcome.stderr).toBe(0)
    // The sum of two numbers has no order, so nothing rounds differently.
    expect(weightsOf(run)).toEqual(weightsOf(gloo))
  })

  test('a failure of NCCL ends all processes with its reason', async () => {
    const aborted = join(folder, 'failed-and-aborted')
    const env = { STAND_IN_NCCL_FAILS: '20', STAND_IN_NCCL_ABORTED: aborted }
    const { code, stderr } = await begin(join(folder, 'fails'), [], env).end
    expect(code).toBe(1)
    expect(stderr).toContain('Expected NCCL to go on but received a system error')
    expect(stderr).toContain('aborted at once')
  })

  test('a process that is killed ends the others, which free their GPUs', async () => {
    const run = join(folder, 'killed')
    const aborted = join(folder, 'aborted')
    const settings = ['training.epochs=2000', 'training.checkpointSeconds=0']
    const { child, end } = begin(run, settings, { STAND_IN_NCCL_ABORTED: aborted })
    await until(() => existsSync(join(run, 'checkpoint', 'state.json')))
    const other = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim())
    process.kill(other, 'SIGKILL')
    const { code, stderr } = await end
    expect(code).toBe(1)
    expect(stderr).toContain('Expected a sign of life of rank 1 but received none for 3 s')
    expect(readFileSync(aborted, 'utf8')).toBe('0\n')
    expect(stderr).toContain('aborted at once')
  })

  test('a library that is absent or lacks a function is named', async () => {
    const { Communicator } = await import('#dist/native/index.js')
    expect(() => Communicator.ncclId('libabsent.so.2')).toThrow(/^Expected the library of NCCL but received libabsent/)
    expect(() => Communicator.ncclId('libc.so.6')).toThrow(
      'Expected NCCL of version 2.14 or later but received libc.so.6, which has no ncclGetVersion',
    )
  })
})
