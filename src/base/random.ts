/**
 * Every random draw of a run comes from a named stream of one seed. Streams are independent, so drawing more from one
 * (another batch order, say) never changes another; their states are plain numbers, so a checkpoint can hold them and a
 * resumed run continues with exactly the draws that an unbroken one would have made.
 */
import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** Four 32-bit integers. */
export type StreamState = readonly number[]

/** One stream of random numbers (xoroshiro128+). */
export class RandomStream {
  #generator: ReturnType<typeof xoroshiro128plusFromState>

  /** A stream that goes on from a state. */
  constructor(state: StreamState) {
    this.#generator = xoroshiro128plusFromState(state)
  }

  /** The stream called `name` of `seed`. Its 128 bits of state are a hash of both, so nearby seeds share nothing. */
  static named(seed: number, name: string): RandomStream {
    const hash = createHash('sha256').update(`${seed}/${name}`).digest()
    return new RandomStream([0, 4, 8, 12].map((offset) => hash.readInt32LE(offset)))
  }

  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return uniformFloat64(this.#generator)
  }

  /** Uniform integer in [0, below); `below` is at most 2³². */
  integer(below: number): number {
    return uniformInt(this.#generator, 0, below - 1)
  }

  /** Where the stream is; drawing on does not change what was returned. */
  state(): StreamState {
    return this.#generator.getState()
  }

  /** Goes on from a state. */
  restore(state: StreamState): void {
    this.#generator = xoroshiro128plusFromState(state)
  }
}

/** What draws what: paths per step, the order of data, seeds of augmentation and dropout, initial weights, noise. */
export const STREAMS = ['paths', 'data', 'augmentation', 'init', 'noise', 'drop'] as const

/** What a stream is drawn from for. */
export type StreamName = (typeof STREAMS)[number]

/** Where all streams of a run are, by name: those of every run, and a method's own. */
export type RandomState = Record<StreamName, StreamState> & Readonly<Record<string, StreamState>>

/** The streams of a run. */
export interface Random extends Readonly<Record<StreamName, RandomStream>> {
  /**
   * The stream of any name. A method asks for streams of its own when it is made; they are saved and restored with the
   * others.
   */
  stream(name: string): RandomStream
  /** Names of the streams that have begun. */
  names(): string[]
}

/** The streams of a seed, at their beginning. */
export function createRandom(seed: number): Random {
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

/** Streams that the state lacks, having been saved before there were any of that name, stay where they are. */
export function restoreRandom(random: Random, state: Readonly<Record<string, StreamState>>): void {
  for (const [name, saved] of Object.entries(state)) random.stream(name).restore(saved)
}

/** Puts every stream that has begun where that of another seed begins. */
export function reseedRandom(random: Random, seed: number): void {
  for (const name of random.names()) random.stream(name).restore(RandomStream.named(seed, name).state())
}
