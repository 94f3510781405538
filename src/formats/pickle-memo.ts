/**
 * The memo of a pickle: values by number. Picklers number every string and every container that they write. A table of
 * learning curves has hundreds of millions of them, mostly the same few names. So equal short strings are kept once,
 * and a number takes four bytes.
 */

/** Numbers per piece; a piece is allocated when its first number is used. */
const PIECE = 2 ** 14
/** Longer strings are not compared with earlier ones; of shorter strings, the first `MAX_KNOWN` are. */
const SHORT = 100
const MAX_KNOWN = 2 ** 18

export class PickleMemo {
  /** Index in `#values` plus one; 0 for a number that is not used. */
  readonly #places: Uint32Array[] = []
  readonly #values: unknown[] = []
  readonly #known = new Map<string, number>()
  #size = 0

  /** Count of the numbers in use. */
  get size(): number {
    return this.#size
  }

  set(slot: number, value: unknown): void {
    const piece = Math.floor(slot / PIECE)
    this.#places[piece] ??= new Uint32Array(PIECE)
    const places = this.#places[piece]
    const at = slot % PIECE
    if (places[at] === 0) this.#size++
    places[at] = this.#placeOf(value) + 1
  }

  has(slot: number): boolean {
    return (this.#places[Math.floor(slot / PIECE)]?.[slot % PIECE] ?? 0) > 0
  }

  get(slot: number): unknown {
    const place = this.#places[Math.floor(slot / PIECE)]?.[slot % PIECE] ?? 0
    return place === 0 ? undefined : this.#values[place - 1]
  }

  #placeOf(value: unknown): number {
    const short = typeof value === 'string' && value.length <= SHORT
    const known = short ? this.#known.get(value) : undefined
    if (known !== undefined) return known
    const place = this.#values.push(value) - 1
    if (short && this.#known.size < MAX_KNOWN) this.#known.set(value, place)
    return place
  }
}
