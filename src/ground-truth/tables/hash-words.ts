/** Hashes of 32 lowercase hexadecimal digits as four 32-bit words each, which take little memory. */
import { expected } from '../../base/errors.js'

export const WORDS = 4
const DIGITS = 8 * WORDS

/** The words of all hashes, concatenated. Throws a UserError, with `where` of the row, for a text that is no hash. */
export function hashWords(hashes: readonly string[], where: (row: number) => string): Uint32Array {
  const words = new Uint32Array(WORDS * hashes.length)
  for (let row = 0; row < hashes.length; row++) {
    if (readHash(hashes[row], words, WORDS * row)) continue
    throw expected(`${DIGITS} hexadecimal digits`, '"hash"', `"${hashes[row]}" ${where(row)}`)
  }
  return words
}

/** Writes the words of a hash to `words` at `at`; returns false for a text that is no hash. */
export function readHash(text: string, words: Uint32Array, at: number): boolean {
  if (text.length !== DIGITS) return false
  for (let word = 0; word < WORDS; word++) {
    let value = 0
    for (let i = 8 * word; i < 8 * word + 8; i++) {
      const code = text.charCodeAt(i)
      if (code >= 48 && code <= 57) value = 16 * value + code - 48
      else if (code >= 97 && code <= 102) value = 16 * value + code - 87
      else return false
    }
    words[at + word] = value
  }
  return true
}

/** The texts of hashes given as words. */
export function hashTexts(words: Uint32Array): string[] {
  const digits = (word: number) => word.toString(16).padStart(8, '0')
  return Array.from({ length: words.length / WORDS }, (_, row) =>
    Array.from(words.subarray(WORDS * row, WORDS * (row + 1)), digits).join(''),
  )
}
