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

/** What draws what: paths per step, the order of data, seeds of augmentation and dropout, initial weights, noise, CLOSE's gate. */
export const STREAMS = ['paths', 'data', 'augmentation', 'init', 'noise', 'drop', 'gate'] as const

/** What a stream is drawn from for. */
export type StreamName = (typeof STREAMS)[number]

/** Where all streams of a run are. */
export type RandomState = Record<StreamName, StreamState>

/** The streams of a run. */
export type Random = Readonly<Record<StreamName, RandomStream>>

/** The streams of a seed, at their beginning. */
export function createRandom(seed: number): Random {
  return byStream((name) => RandomStream.named(seed, name))
}

export function randomState(random: Random): RandomState {
  return byStream((name) => random[name].state())
}

/** Streams that the state lacks, having been saved before there were any of that name, stay where they are. */
export function restoreRandom(random: Random, state: Partial<RandomState>): void {
  for (const name of STREAMS) {
    const saved = state[name]
    if (saved !== undefined) random[name].restore(saved)
  }
}

function byStream<T>(make: (name: StreamName) => T): Record<StreamName, T> {
  return Object.fromEntries(STREAMS.map((name) => [name, make(name)])) as Record<StreamName, T>
}
