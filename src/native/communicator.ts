/** The connection to the other processes of a training: sums over all of them, and a store of keys and values. */
import { loadBinding } from './binding.js'
import { Handle } from './handle.js'
import type { RawCommunicator } from './raw.js'
import type { Device } from './records.js'

/** Where the shared keys and values are kept. */
export type StorePlace =
  /** In a file, for processes of one machine. */
  | { readonly file: string }
  /** By a server, which is one of the processes or runs beside them. */
  | { readonly host: string; readonly port: number; readonly isServer: boolean }

/** Place of a process among the others, and how long it waits for them. */
export interface CommunicatorOptions {
  /** Number of this process, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /** Prefix of all keys, so that several trainings can use one store. Default: none. */
  readonly prefix?: string
  /** Seconds in which the store must answer first. Default 10. */
  readonly connect?: number
  /** Seconds without a sign of life after which a process counts as gone. Default 15. */
  readonly silence?: number
  /** Seconds that a process which is alive may be late. Default 600. */
  readonly patience?: number
}

/** The library of NCCL, as libtorch for CUDA brings it. */
const NCCL = 'libnccl.so.2'

/** What a process has sent, and how long it has waited. */
export interface Traffic {
  /** Bytes given to sums. */
  readonly bytes: number
  /** Seconds in which native computation waited for sums. */
  readonly waitedSeconds: number
}

/**
 * Processes that train together. Each has one communicator with a rank of its own. Waiting always ends: with the result,
 * or with an Error of code `ERR_PEER` that says which rank is gone, or of code `ERR_STORE` if the store is.
 */
export class Communicator extends Handle<RawCommunicator> {
  readonly rank: number
  readonly size: number

  /**
   * Connects to the store. From now on this process gives signs of life.
   *
   * @throws Error with code `ERR_STORE` if the store does not answer.
   */
  constructor(place: StorePlace, options: CommunicatorOptions) {
    super(new (loadBinding().Communicator)(place, { prefix: '', connect: 10, silence: 15, patience: 600, ...options }))
    this.rank = options.rank
    this.size = options.size
  }

  /** Connects to the other processes. All of them must call it. */
  connect(): Promise<void> {
    return this.raw.connect()
  }

  /**
   * The id by which GPUs find each other: the first process makes it, and gives it to the others.
   *
   * @throws Error with code `ERR_NCCL` if the library cannot be opened.
   */
  static ncclId(library = NCCL): Uint8Array {
    return loadBinding().Communicator.ncclId(library)
  }

  /**
   * Connects the GPUs of all processes, each of which has its own. All of them must call it. Then gradients on `device`
   * are summed by NCCL, others by Gloo. Resolves to the version of NCCL, such as "2.28.3".
   *
   * @throws Error with code `ERR_NCCL` if NCCL fails.
   */
  connectNccl(id: Uint8Array, device: Device, library = NCCL): Promise<string> {
    return this.raw.connectNccl(library, id, device)
  }

  /** Sums numbers over all processes, element by element. All must call it with as many numbers, in the same order. */
  sum(numbers: Float64Array): Promise<Float64Array> {
    return this.raw.sum(numbers)
  }

  /** Sets the value of a key. This call and the next four wait for the store, at most ten seconds. */
  set(key: string, value: string): void {
    this.raw.set(key, value)
  }

  /** The value of a key; undefined if no process has set it. */
  get(key: string): string | undefined {
    return this.raw.get(key)
  }

  /** Adds to a number that begins at 0, and returns the sum. */
  add(key: string, amount: number): number {
    return this.raw.add(key, amount)
  }

  /** Throws an Error with code `ERR_PEER` if another process is gone or has failed. */
  check(): void {
    this.raw.check()
  }

  /** Tells the other processes that this one ends, and why. The first reason that any process tells counts. */
  fail(reason: string): void {
    this.raw.fail(reason)
  }

  /** Tells all processes, with the next training step, that this one wishes to stop. */
  requestStop(): void {
    this.raw.requestStop()
  }

  /** Ends the signs of life: before the process leaves the others, or in a test of what they do without them. */
  fallSilent(): void {
    this.raw.fallSilent()
  }

  /** What this process has sent so far. */
  get traffic(): Traffic {
    return this.raw.traffic()
  }
}
