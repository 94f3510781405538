/** Joins the processes of a run: those that torchrun or SLURM started, or copies of this program that it starts itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { counted } from '../base/format.js'
import { errorIn, lastWords } from '../base/last-words.js'
import { exposure, OWN, type ProcessPlace, placeOf, storeFolderPrefix } from './place.js'
import { World, type WorldOptions } from './world.js'

export interface StartOptions extends WorldOptions {
  /**
   * Number of processes on this machine. This process becomes the first, and starts copies of its program, with the same
   * arguments, as the others. Default: those that torchrun or SLURM started, or this one alone.
   */
  readonly processes?: number
  /** Receives lines for people. */
  readonly log?: (line: string) => void
}

/** Most processes of a machine, where more would only wait for each other: so many for each core, or so many. */
const MOST_PER_CORE = 4
const FEWEST_MOST = 16
/** Milliseconds that processes may take to end when their work is done. */
const END = 10_000

/**
 * The processes that work together, this one among them; undefined if it works alone. Dispose of it when the work is
 * done; {@link World.fail} tells the others if it failed.
 *
 * ```ts
 * await using world = await joinProcesses({ processes: 2 })
 * for await (const event of search(config, { world })) if (world?.isFirst !== false) console.log(event)
 * ```
 *
 * @throws UserError if the processes do not find each other; the reason of an aborted signal.
 */
export async function joinProcesses(options: StartOptions = {}): Promise<World | undefined> {
  const { processes, log } = options
  if (processes !== undefined && !(Number.isSafeInteger(processes) && processes >= 1)) {
    throw expected('a whole number of at least 1', 'processes', processes, 2)
  }
  if (processes !== undefined) checkProcessCount('processes', processes)
  const place = placeOf(process.env)
  if (place === undefined && (processes === undefined || processes === 1)) return undefined
  if (place !== undefined && processes !== undefined && place.startedBy !== 'pada-native') {
    throw new UserError(
      `Expected no --processes but received ${processes}: ${place.startedBy} has started ${place.size} processes`,
      2,
    )
  }
  if (hasJoined) {
    throw new UserError('Expected joinProcesses to be called once in a process, because one world serves many searches')
  }
  hasJoined = true
  try {
    if (place === undefined) return await startCopies(processes as number, options)
    const warning = place.rank === 0 ? exposure(place) : undefined
    if (warning !== undefined) log?.(warning)
    return await World.join(place, options)
  } catch (error) {
    hasJoined = false
    throw error
  }
}

/** A second world would start copies that run the program from its beginning. */
let hasJoined = false

/** Throws a UserError for so many processes that they would only wait for each other; `name` is what asks for them. */
export function checkProcessCount(name: string, count: number): void {
  const cores = availableParallelism()
  const most = Math.max(FEWEST_MOST, MOST_PER_CORE * cores)
  if (count > most) throw expected(`at most ${most} on this machine of ${counted(cores, 'core')}`, name, count, 2)
}

/** Starts the other processes as copies of this one, and joins them. Their store is a file that only this user reads. */
async function startCopies(size: number, options: StartOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), storeFolderPrefix()))
  const file = join(folder, 'store')
  const failed = new AbortController()
  const copies = Array.from({ length: size - 1 }, (_, i) => startCopy(i + 1, size, file, failed))
  const place: ProcessPlace = {
    rank: 0,
    size,
    localRank: 0,
    localSize: size,
    store: { file },
    attempt: '',
    startedBy: 'pada-native',
  }
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  // When this process ends, however it does, the others look for its signs of life no more.
  const clear = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', clear)
  try {
    const world = await World.join(place, { ...options, signal })
    world.onLeave(async () => {
      const ended = Promise.all(copies.map((copy) => copy.ended))
      await Promise.race([ended, new Promise((done) => setTimeout(done, END).unref())])
      clear()
    })
    return world
  } catch (error) {
    for (const { child } of copies) child.kill('SIGKILL')
    throw error
  }
}

interface Copy {
  readonly child: ChildProcess
  readonly ended: Promise<void>
}

function startCopy(rank: number, size: number, store: string, failed: AbortController): Copy {
  const env = { ...process.env, [OWN.rank]: `${rank}`, [OWN.size]: `${size}`, [OWN.store]: store }
  const words = [...process.execArgv, ...process.argv.slice(1)]
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const said = lastWords(child.stderr)
  const ended = new Promise<void>((done) => {
    child.on('error', (error) => {
      failed.abort(new UserError(`Expected to start process ${rank} but received ${error.message}`))
      done()
    })
    child.on('exit', (code, signal) => {
      const why = errorIn(said()) ?? `it ended with ${signal ?? `code ${code}`}`
      if (code !== 0) failed.abort(new UserError(`Expected ${size} processes but rank ${rank} did not join: ${why}`))
      done()
    })
  })
  return { child, ended }
}
