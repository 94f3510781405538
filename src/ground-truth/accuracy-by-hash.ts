/**
 * Accuracies by a hash of the architecture, as in NAS-Bench-101: a table with a column `hash` of 32 hexadecimal digits
 * and a column of accuracies as fractions.
 */
import { expected, UserError } from '../base/errors.js'
import { readHash, WORDS } from './tables/hash-words.js'
import { type HashTable, lacksNumber } from './tables/table.js'

/**
 * Accuracies in 0…1 by hash. It is a hash table with open addressing in typed arrays, because a Map of hundreds of
 * thousands of strings takes a quarter of a second to make.
 */
export class AccuracyByHash {
  readonly #words: Uint32Array
  readonly #values: Float64Array
  /** Row + 1 of each hash, by linear probing from the hash's place; 0 marks a free place. At least half stay free. */
  readonly #rows: Uint32Array
  /** Number of rows that are left out, because they have no number. */
  readonly leftOut: number

  /**
   * @param file Name of the table in errors.
   * @throws UserError, which names the place in the file, for: a missing column, no rows, a malformed hash, a hash that
   *   occurs twice, an accuracy that is not a number in 0…1, a column without numbers.
   */
  constructor(table: HashTable, file: string, column = table.defaultColumn) {
    this.#words = table.hashes()
    this.#values = table.values(column)
    const rows = this.#values.length
    if (rows === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
    this.#rows = new Uint32Array(2 ** Math.ceil(Math.log2(2 * rows + 2)))
    let leftOut = 0
    const where = (row: number) => `(${file}, ${table.place(row)})`
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(this.#values[row]) && lacksNumber(table, column, row)) {
        leftOut++
        continue
      }
      const place = this.#placeOf(this.#words, WORDS * row)
      if (this.#rows[place] !== 0) {
        throw new UserError(`Expected each hash once but received ${table.keys[row]} again ${where(row)}`)
      }
      if (!(this.#values[row] >= 0 && this.#values[row] <= 1)) {
        const received = table.text(column, row)
        throw expected('a number in 0…1', `"${column}"`, `"${received}" ${where(row)}`)
      }
      this.#rows[place] = row + 1
    }
    if (leftOut === rows) throw expected('at least one number', `"${column}"`, `none (${file})`)
    this.leftOut = leftOut
  }

  get size(): number {
    return this.#values.length - this.leftOut
  }

  has(hash: string): boolean {
    return this.get(hash) !== undefined
  }

  get(hash: string): number | undefined {
    const key = new Uint32Array(WORDS)
    const row = readHash(hash, key, 0) ? this.#rows[this.#placeOf(key, 0)] : 0
    return row === 0 ? undefined : this.#values[row - 1]
  }

  /** The place in `#rows` of the hash at `from` in `keys`, or the free place where it would go. */
  #placeOf(keys: Uint32Array, from: number): number {
    // Not destructured, because that would take half of the time to read a table.
    const words = this.#words
    const rows = this.#rows
    const a = keys[from]
    const b = keys[from + 1]
    const c = keys[from + 2]
    const d = keys[from + 3]
    const mask = rows.length - 1
    for (let place = (a ^ b ^ c ^ d) & mask; ; place = (place + 1) & mask) {
      if (rows[place] === 0) return place
      const at = WORDS * (rows[place] - 1)
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return place
    }
  }
}
