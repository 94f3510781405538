/**
 * Accuracies under a hash of the architecture, as NAS-Bench-101 has them: a table with a column `hash` of 32 hexadecimal
 * digits and a column of accuracies as fractions.
 */
import { UserError } from '../errors.js'
import { columnIndex, type Table } from './tables/table.js'

/**
 * Accuracies in 0…1 by hash, in the order of their table. Hashes lie in one array of bytes with a table of their places,
 * because a Map of hundreds of thousands of strings takes a quarter of a second to make.
 */
export class AccuracyByHash {
  readonly #words: Uint32Array
  readonly #values: Float64Array
  /** Rows plus one, at the first free place from that of their hash on; 0 is free. Half of them and more stay free. */
  readonly #rows: Uint32Array

  /**
   * @param file What errors call the table.
   * @throws UserError, which names the place in the file, for: a table of architectures, a missing column, a hash that is
   *   none or occurs twice, an accuracy that is not a number in 0…1, no rows.
   */
  constructor(table: Table, file: string, column = table.defaultColumn) {
    if (table.keyedBy !== 'hash') columnIndex([table.keyedBy, ...table.columns], 'hash', file)
    this.#values = table.values(column)
    const { keys } = table
    if (keys.length === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
    this.#words = new Uint32Array(4 * keys.length)
    this.#rows = new Uint32Array(2 ** Math.ceil(Math.log2(2 * keys.length + 2)))
    const key = new Uint32Array(4)
    const where = (row: number) => `(${file}, ${table.place(row)})`
    for (let row = 0; row < keys.length; row++) {
      if (!readHash(keys[row], key)) {
        throw new UserError(`Expected 32 hexadecimal digits for "hash" but received "${keys[row]}" ${where(row)}`)
      }
      const place = this.#placeOf(key)
      if (this.#rows[place] !== 0) {
        throw new UserError(`Expected each hash once but received ${keys[row]} again ${where(row)}`)
      }
      if (!(this.#values[row] >= 0 && this.#values[row] <= 1)) {
        const received = table.text(column, row)
        throw new UserError(`Expected a number in 0…1 for "${column}" but received "${received}" ${where(row)}`)
      }
      this.#words.set(key, 4 * row)
      this.#rows[place] = row + 1
    }
  }

  get size(): number {
    return this.#values.length
  }

  has(hash: string): boolean {
    return this.get(hash) !== undefined
  }

  get(hash: string): number | undefined {
    const key = new Uint32Array(4)
    const row = readHash(hash, key) ? this.#rows[this.#placeOf(key)] : 0
    return row === 0 ? undefined : this.#values[row - 1]
  }

  /** Where the row of a hash is, or would be. */
  #placeOf(key: Uint32Array): number {
    const words = this.#words
    const mask = this.#rows.length - 1
    for (let place = (key[0] ^ key[1] ^ key[2] ^ key[3]) & mask; ; place = (place + 1) & mask) {
      const at = 4 * (this.#rows[place] - 1)
      if (at < 0) return place
      if (words[at] === key[0] && words[at + 1] === key[1] && words[at + 2] === key[2] && words[at + 3] === key[3])
        return place
    }
  }
}

/** Writes the 32 lowercase hexadecimal digits of a hash as four words; false for another text. */
function readHash(text: string, words: Uint32Array): boolean {
  if (text.length !== 32) return false
  for (let word = 0; word < 4; word++) {
    let value = 0
    for (let i = 8 * word; i < 8 * word + 8; i++) {
      const code = text.charCodeAt(i)
      const digit = code >= 97 && code <= 102 ? code - 87 : code - 48
      if (digit < 0 || digit > 15 || (code > 57 && code < 97)) return false
      value = 16 * value + digit
    }
    words[word] = value
  }
  return true
}
