/** Starts processes that belong together, and compares what runs have computed. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readSafetensors } from '../../src/formats/safetensors.js'
import { type Outcome, pada, tiny } from './harness.js'

/** All parameters and buffers of a run's checkpoint, and their averages if it has any. */
export async function weightsOf(run: string): Promise<Float32Array> {
  const [{ tensors: weights }, { tensors: state }] = await Promise.all(
    ['weights', 'state'].map((name) => readSafetensors(join(run, 'checkpoint', `${name}.safetensors`))),
  )
  const averages = [...state].filter(([name]) => name.startsWith('averaged.'))
  return Float32Array.from([...weights, ...averages].flatMap(([, { data }]) => [...(data as Float32Array)]))
}

/** Largest difference of two lists, relative to the largest number. */
export function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  let largest = 0
  let most = 0
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs(a[i]))
    most = Math.max(most, Math.abs(a[i] - b[i]))
  }
  return most / largest
}

/** The random streams of a run's checkpoint. */
export function streamsOf(run: string): object {
  return JSON.parse(readFileSync(join(run, 'checkpoint', 'state.json'), 'utf8')).random
}

/** A port of this machine that nothing listens at. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

/** Starts a command in several processes whose environments say that they belong together. */
export function each(args: readonly string[], envs: readonly NodeJS.ProcessEnv[]): Promise<Outcome[]> {
  return Promise.all(envs.map((env) => pada(args, { env })))
}

/** What torchrun would put into the environments of processes on this machine. */
export async function torchrunEnvs(size: number): Promise<NodeJS.ProcessEnv[]> {
  const port = `${await freePort()}`
  return Array.from({ length: size }, (_, rank) => ({
    RANK: `${rank}`,
    WORLD_SIZE: `${size}`,
    LOCAL_RANK: `${rank}`,
    LOCAL_WORLD_SIZE: `${size}`,
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: port,
  }))
}

/** The setting by which batch norms normalise by the whole batch. */
export const SYNCHRONISED = 'distributed.batchNorm=synchronised'

/** Trains a tiny run in a folder; resolves to the run. */
export async function train(
  folder: string,
  name: string,
  settings: readonly string[],
  ...more: string[]
): Promise<string> {
  const run = join(folder, name)
  const outcome = await pada(['train', ...tiny(...settings), '--out', run, '--json', ...more])
  expect(outcome.code, outcome.stderr).toBe(0)
  return run
}
