/**
 * Every random draw of a run comes from a named stream of one seed. Streams are independent: drawing more from one, say
 * another batch order, never changes another. Their states are plain numbers that a checkpoint can hold, so a resumed
 * run draws exactly as an unbroken one.
 */
import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { expected } from './errors.js'

/** Four 32-bit integers. */
export type StreamState = readonly number[]

/** One stream of random numbers (xoroshiro128+). */
export class RandomStream {
  #generator: ReturnType<typeof xoroshiro128plusFromState>

  /** A stream that continues from a state. */
  constructor(state: StreamState) {
    this.#generator = xoroshiro128plusFromState(state)
  }

  /**
   * The stream `name` of `seed`. Its 128 bits of state are a hash of both, so that streams of nearby seeds are
   * unrelated.
   */
  static named(seed: number, name: string): RandomStream {
    const hash = createHash('sha256').update(`${seed}/${name}`).digest()
    return new RandomStream([0, 4, 8, 12].map((offset) => hash.readInt32LE(offset)))
  }

  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return uniformFloat64(this.#generator)
  }

  /** A number of the standard normal distribution (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Uniform integer in [0, below); `below` is at most 2³². */
  integer(below: number): number {
    return uniformInt(this.#generator, 0, below - 1)
  }

  /** The current state. Later draws do not change the returned one. */
  state(): StreamState {
    return this.#generator.getState()
  }

  /** Continues from a state. */
  restore(state: StreamState): void {
    this.#generator = xoroshiro128plusFromState(state)
  }
}

/**
 * Names of the streams of every run. They draw, in this order: paths of steps, the order of images, augmentations,
 * initial weights, seeds of gradient noise, seeds of dropout.
 */
export const STREAMS = ['paths', 'data', 'augmentation', 'init', 'noise', 'drop'] as const

/** Name of a stream that every run has. */
export type StreamName = (typeof STREAMS)[number]

/** States of a run's streams by name: the streams of every run, and the method's own. */
export type RandomState = Record<StreamName, StreamState> & Readonly<Record<string, StreamState>>

/** The streams of a run. */
export interface Random extends Readonly<Record<StreamName, RandomStream>> {
  /**
   * The stream of this name. A method asks for its own streams when it is made. They are saved and restored with the
   * others.
   */
  stream(name: string): RandomStream
  /** Names of the streams that were asked for. */
  names(): string[]
}

/**
 * The streams of a seed, each at its beginning.
 *
 * @throws UserError for a seed that is no whole number.
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw expected('a whole number', 'the seed', seed)
  const streams = new Map<string, RandomStream>()
  const stream = (name: string) => {
    const known = streams.get(name) ?? RandomStream.named(seed, name)
    streams.set(name, known)
    return known
  }
  const common = Object.fromEntries(STREAMS.map((name) => [name, stream(name)])) as Record<StreamName, RandomStream>
  return { ...common, stream, names: () => [...streams.keys()] }
}

export function randomState(random: Random): RandomState {
  return Object.fromEntries(random.names().map((name) => [name, random.stream(name).state()])) as RandomState
}

/** Restores streams from a state. A stream that an older state lacks keeps its place. */
export function restoreRandom(random: Random, state: Readonly<Record<string, StreamState>>): void {
  for (const [name, saved] of Object.entries(state)) random.stream(name).restore(saved)
}

/** Restarts every stream that was asked for, from another seed. */
export function reseedRandom(random: Random, seed: number): void {
  for (const name of random.names()) random.stream(name).restore(RandomStream.named(seed, name).state())
}
