/** Reaches the store of keys by which the processes of a run find each other. */
import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../base/errors.js'
import { Communicator } from '../native/index.js'
import type { ProcessPlace } from './place.js'

/** How the communicator over a store waits; see the options of the same names of a world. */
interface StoreOptions {
  readonly silence?: number
  readonly patience?: number
  readonly signal?: AbortSignal
}

/** Seconds of one attempt. */
const ATTEMPT = 1
/** Milliseconds between two attempts. */
const PAUSE = 100

/**
 * Connects to the store, which the first process may open later than the others look for it.
 *
 * @throws UserError if nobody has opened it at `deadline`, in milliseconds of `performance.now()`; the reason of an
 *   aborted signal.
 */
export async function reachStore(place: ProcessPlace, options: StoreOptions, deadline: number): Promise<Communicator> {
  const { rank, size, store, attempt } = place
  const { silence, patience, signal } = options
  for (;;) {
    signal?.throwIfAborted()
    try {
      await checkReach(place)
      return new Communicator(store, {
        rank,
        size,
        prefix: `pada/${attempt}/`,
        connect: ATTEMPT,
        ...(silence && { silence }),
        ...(patience && { patience }),
      })
    } catch (error) {
      const isFinal = isServer(place) && !(error instanceof OutOfReach)
      if (performance.now() > deadline || isFinal) throw new UserError((error as Error).message)
      // The first process makes its folder before it starts the others, and removes it when it ends.
      if ('file' in store && !existsSync(dirname(store.file))) {
        throw new UserError('Expected the process that started this one but it has ended')
      }
    }
    await sleep(PAUSE)
  }
}

/** The store cannot be reached yet. */
class OutOfReach extends Error {}

/** Throws if there is no use in asking libtorch, of which every attempt that fails writes a stack trace for people. */
async function checkReach({ store }: ProcessPlace): Promise<void> {
  if (!('host' in store)) return
  const { host, port, isServer } = store
  const address = await lookup(host).catch(() => undefined)
  if (address === undefined)
    throw new OutOfReach(`Expected a store at ${host}:${port} but received no address of ${host}`)
  if (isServer || (await listens(host, port))) return
  throw new OutOfReach(`Expected a store at ${host}:${port} but received no answer`)
}

/** Whether anything listens at an address. */
function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 * ATTEMPT })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

/** True for the process that serves the store to the others. */
export function isServer({ store }: ProcessPlace): boolean {
  return 'host' in store && store.isServer
}

/** True for a process without which the others have no store: its server, and all that use a file. */
export function keepsStore(place: ProcessPlace): boolean {
  return !('host' in place.store) || isServer(place)
}
