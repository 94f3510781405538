/** The processes that work on one run: this process's place among them, and how they agree, wait and end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { errorSentence } from '../base/error-sentence.js'
import { isAbort, UserError } from '../base/errors.js'
import { packageVersion } from '../base/folders.js'
import type { Communicator, ProcessRank } from '../native/index.js'
import type { ProcessPlace } from './place.js'
import { isServer, keepsStore, reachStore } from './store.js'

/** How long a world waits. */
export interface WorldOptions {
  /** Seconds that the other processes may take to start. Default 300. */
  readonly startSeconds?: number
  /** Seconds without a sign of life after which a process counts as gone. Default 15. */
  readonly silence?: number
  /** Seconds that a process which is alive may be late in a training step. Default 600. */
  readonly patience?: number
  /** When aborted, waiting for the start ends with the signal's reason. */
  readonly signal?: AbortSignal
}

const START_SECONDS = 300
/** Longest pause between two looks at the store, in seconds. */
const LOOK = 0.1
/** Seconds that the last process waits for the others to leave the store that it keeps. */
const LEAVE_SECONDS = 10
/** Seconds in which processes that live meet again: a little more than one needs to learn that another has failed. */
const RENEWAL_SECONDS = 30

/**
 * The processes that work on one run, as one of them sees them: {@link joinProcesses} makes it. All processes must call
 * its methods in the same order.
 */
export class World implements ProcessRank, AsyncDisposable {
  readonly rank: number
  readonly size: number
  readonly localRank: number
  readonly localSize: number
  readonly #place: ProcessPlace
  readonly #options: WorldOptions
  #communicator: Communicator
  /** The first communicator, if it was renewed and serves the store, which ends with it. */
  #server: Communicator | undefined
  #meetings = 1
  #agreements = 0
  #left = false
  #onLeave: (() => Promise<void>) | undefined

  private constructor(place: ProcessPlace, options: WorldOptions, communicator: Communicator) {
    this.rank = place.rank
    this.size = place.size
    this.localRank = place.localRank
    this.localSize = place.localSize
    this.#place = place
    this.#options = options
    this.#communicator = communicator
  }

  /** Sums and keys of all processes. */
  get communicator(): Communicator {
    return this.#communicator
  }

  /** True for the process that writes the run's files and shows its events. */
  get isFirst(): boolean {
    return this.rank === 0
  }

  /**
   * Finds the other processes and connects to them.
   *
   * @throws UserError if they do not start in time, if another process has this one's rank, or if one has another
   *   version of the package; the reason of an aborted signal.
   */
  static async join(place: ProcessPlace, options: WorldOptions = {}): Promise<World> {
    const deadline = performance.now() + 1000 * (options.startSeconds ?? START_SECONDS)
    const world = new World(place, options, await reachStore(place, options, deadline))
    await world.#meet(deadline)
    return world
  }

  /** Waits for the others, and connects to them. */
  async #meet(deadline: number): Promise<void> {
    const { startSeconds = START_SECONDS, signal } = this.#options
    try {
      if (this.communicator.add(`started/${this.rank}`, 1) > 1) {
        throw new UserError(
          `Expected one process of rank ${this.rank} but another has started before: give every process a rank of its own`,
        )
      }
      this.communicator.set(`joined/${this.rank}`, packageVersion())
      for (let rank = 0; rank < this.size; rank++) {
        const missing = () => `Expected ${this.size} processes within ${startSeconds} s but rank ${rank} did not start`
        await this.#value(`joined/${rank}`, { deadline, missing, signal })
      }
      await this.agree('version of pada-native', packageVersion())
      await this.communicator.connect()
    } catch (error) {
      this.fail(error)
      throw asUserError(error)
    }
  }

  /**
   * Meets the others again, after work that failed in all processes without the end of any: those that are told of a
   * failure can do nothing else together.
   *
   * @throws UserError if one has ended.
   */
  async renew(): Promise<void> {
    const previous = this.#communicator
    const deadline = performance.now() + 1000 * RENEWAL_SECONDS
    const { store: first } = this.#place
    // A file keeps all signs of life of before, which a new communicator would read.
    const store = 'host' in first ? { ...first, isServer: false } : { file: `${first.file}.${this.#meetings}` }
    const place = { ...this.#place, store, attempt: `${this.#place.attempt}+${this.#meetings++}` }
    this.#communicator = await reachStore(place, this.#options, deadline)
    if (isServer(this.#place)) this.#server ??= previous
    if (this.#server !== previous) previous.dispose()
    this.#agreements = 0
    this.#left = false
    await this.#meet(deadline)
  }

  /**
   * Checks that all processes have the same value as the first. `difference` says how two values differ.
   *
   * @throws UserError in all processes if one has another value.
   */
  async agree(
    what: string,
    value: string,
    difference = (first: string, other: string) => `${short(other)}, rank 0 has ${short(first)}`,
  ): Promise<void> {
    const key = `agreement/${this.#agreements++}`
    this.communicator.set(`${key}/${this.rank}`, value)
    if (this.isFirst) {
      let verdict = ''
      for (let rank = 1; rank < this.size; rank++) {
        const other = await this.#value(`${key}/${rank}`)
        if (other === value) continue
        verdict ||= `Expected the same ${what} in all processes but rank ${rank} has another: ${difference(value, other)}`
      }
      this.communicator.set(key, verdict)
    }
    const verdict = await this.#value(key)
    if (verdict !== '') throw new UserError(verdict)
  }

  /** What the first process computes, in all processes. The result must be plain JSON. An aborted signal ends the wait. */
  async fromFirst<T>(compute: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const key = `first/${this.#agreements++}`
    if (this.isFirst) this.communicator.set(key, JSON.stringify({ value: await compute() }))
    return JSON.parse(await this.#value(key, { signal })).value
  }

  /** The values of all processes, by rank. */
  async gather(value: string): Promise<string[]> {
    const key = `gathered/${this.#agreements++}`
    this.communicator.set(`${key}/${this.rank}`, value)
    const values: string[] = []
    for (let rank = 0; rank < this.size; rank++) values.push(await this.#value(`${key}/${rank}`))
    return values
  }

  /** Waits until all processes are here. */
  async barrier(): Promise<void> {
    const key = `barrier/${this.#agreements++}`
    if (this.communicator.add(key, 1) === this.size) this.communicator.set(`${key}/all`, '')
    await this.#value(`${key}/all`)
  }

  /** A name for keys that no other call gets; all processes must call it in the same order. */
  uniqueKey(name: string): string {
    return `${name}/${this.#agreements++}`
  }

  /** The value of a key, which another process sets sooner or later. Throws if a process is gone. */
  valueOf(key: string, signal?: AbortSignal): Promise<string> {
    return this.#value(key, { signal })
  }

  async #value(
    key: string,
    { deadline = Number.POSITIVE_INFINITY, missing = () => key, signal }: Waiting = {},
  ): Promise<string> {
    for (let pause = 0.001; ; pause = Math.min(LOOK, 2 * pause)) {
      signal?.throwIfAborted()
      const value = this.communicator.get(key)
      if (value !== undefined) return value
      if (performance.now() > deadline) throw new UserError(missing())
      if (pause === LOOK) this.communicator.check()
      await sleep(1000 * pause)
    }
  }

  /** Sets what is done when this process has left the others. */
  onLeave(work: () => Promise<void>): void {
    this.#onLeave = work
  }

  /** Tells the others why this process ends, unless it ends because of them. */
  fail(error: unknown): void {
    this.#left = true
    if (isOfPeers(error)) return
    const begin = isAbort(error) ? INTERRUPTED : ''
    try {
      this.communicator.fail(
        `${begin}Expected all processes to go on but rank ${this.rank} ended: ${errorSentence(error)}`,
      )
    } catch {
      // The store is gone too. The others find out by themselves.
    }
  }

  /** Leaves the others when the work is done. The process that keeps the store waits until all have left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#left) return
    this.#left = true
    try {
      this.communicator.fallSilent()
      this.communicator.set(`alive/${this.rank}`, 'left')
      let left = this.communicator.add('left', 1)
      const deadline = performance.now() + 1000 * LEAVE_SECONDS
      while (keepsStore(this.#place) && left < this.size && performance.now() < deadline) {
        await sleep(20)
        left = this.communicator.add('left', 0)
      }
    } catch {
      // The store is gone, so the others have left.
    }
    this.communicator.dispose()
    this.#server?.dispose()
    await this.#onLeave?.()
  }
}

interface Waiting {
  readonly deadline?: number
  readonly missing?: () => string
  readonly signal?: AbortSignal
}

/** True if an error says that other processes, or the store, are gone. */
function isOfPeers(error: unknown): boolean {
  const { code } = Object(error)
  return code === 'ERR_PEER' || code === 'ERR_STORE'
}

/** The error of this process's work, in the words of a user if other processes, or NCCL, ended it. */
export function asUserError(error: unknown): unknown {
  if (Object(error).code === 'ERR_NCCL') return new UserError((error as Error).message)
  if (!isOfPeers(error)) return error
  const { message } = error as Error
  if (message.startsWith(INTERRUPTED)) return new DOMException(message.slice(INTERRUPTED.length), 'AbortError')
  return new UserError(message)
}

/** How a reason begins that another process was interrupted: it is none to say that the work has failed. */
const INTERRUPTED = 'interrupted: '

function short(value: string): string {
  return value.length > 80 ? `${value.slice(0, 77)}…` : value
}

/**
 * Passes the events of work by several processes on. If the work fails here, the other processes are told why. If all
 * are interrupted at once, that is the reason, not that the others ended first.
 */
export async function* tellingFailure<Event, Result>(
  world: World | undefined,
  events: AsyncGenerator<Event, Result>,
  signal?: AbortSignal,
): AsyncGenerator<Event, Result> {
  if (world === undefined) return yield* events
  try {
    return yield* events
  } catch (error) {
    world.fail(error)
    throw signal?.aborted && isOfPeers(error) ? signal.reason : asUserError(error)
  }
}
