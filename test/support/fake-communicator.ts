/** Communicators within one process: the store of each place is a map, and everything happens at once. */
import type { CommunicatorOptions, StorePlace } from '../../src/native/index.js'
import type { RawCommunicator } from '../../src/native/raw.js'

const stores = new Map<string, Map<string, string>>()

export class FakeCommunicator implements RawCommunicator {
  readonly #store: Map<string, string>
  readonly #rank: number
  readonly #size: number
  #sums = 0

  constructor(place: StorePlace, { rank, size, prefix }: Required<CommunicatorOptions>) {
    const key = JSON.stringify([place, prefix])
    if (!stores.has(key)) stores.set(key, new Map())
    this.#store = stores.get(key)!
    this.#rank = rank
    this.#size = size
  }

  /** Libraries that can be opened. */
  static nccl = new Set<string>()

  static ncclId(library: string) {
    if (!FakeCommunicator.nccl.has(library)) {
      throw Object.assign(new Error('Expected the library of NCCL but received none'), { code: 'ERR_NCCL' })
    }
    return new Uint8Array(128).fill(7)
  }

  async connect() {}

  async connectNccl(library: string, id: Uint8Array, device: string) {
    this.set(`nccl/${this.#rank}`, JSON.stringify([library, [...id], device]))
    return '2.28.3'
  }

  async sum(numbers: Float64Array) {
    const key = `sum/${this.#sums++}`
    this.set(`${key}/${this.#rank}`, JSON.stringify([...numbers]))
    const total = new Float64Array(numbers.length)
    for (let rank = 0; rank < this.#size; rank++) {
      let text = this.get(`${key}/${rank}`)
      for (; text === undefined; text = this.get(`${key}/${rank}`)) await new Promise((done) => setTimeout(done, 1))
      for (const [i, value] of (JSON.parse(text) as number[]).entries()) total[i] += value
    }
    return total
  }

  set(key: string, value: string) {
    this.#store.set(key, value)
  }

  get(key: string) {
    return this.#store.get(key)
  }

  add(key: string, amount: number) {
    const sum = Number(this.#store.get(key) ?? 0) + amount
    this.#store.set(key, `${sum}`)
    return sum
  }

  check() {
    const failure = this.#store.get('failure')
    if (failure !== undefined) throw Object.assign(new Error(failure), { code: 'ERR_PEER' })
  }

  fail(reason: string) {
    if (!this.#store.has('failure')) this.#store.set('failure', reason)
  }

  requestStop() {}
  fallSilent() {}
  traffic() {
    return { bytes: 0, waitedSeconds: 0 }
  }
  dispose() {}
}
