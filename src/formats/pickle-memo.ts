/**
 * What a pickle may recall by number. Picklers number every text and every container that they write, and a table of
 * learning curves has hundreds of millions, most of them the same few names: equal short texts are kept once, and a
 * number takes four bytes.
 */

/** Numbers per piece, which is made when the first of them is used. */
const PIECE = 2 ** 14
/** Longer texts are not looked for among earlier ones, and neither is any text when there are this many. */
const SHORT = 100
const MAX_KNOWN = 2 ** 18

export class PickleMemo {
  /** Places in `#values`, plus one; 0 where nothing was kept. */
  readonly #places: Uint32Array[] = []
  readonly #values: unknown[] = []
  readonly #known = new Map<string, number>()
  #size = 0

  /** How many numbers were used. */
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
