/** The words of a command line before yargs reads them. */

const ASSIGNMENT = /^[A-Za-z]\w*(\.[\w-]+|\[\d+\])*=/

/**
 * Writes `--set a=1 b=2 PATH` as `--set a=1 --set b=2 PATH`, so that a list of settings ends where a word is no
 * assignment. The first word after `--set` always belongs to it. All words after `--` are operands, which yargs would
 * drop: it leaves them out if a command names its operands.
 */
export function separateSettings(words: readonly string[]): string[] {
  const separated: string[] = []
  let inSettings = false
  for (const [at, word] of words.entries()) {
    if (word === '--') return [...separated, ...words.slice(at + 1).map(operand)]
    const isFirst = words[at - 1] === '--set'
    if (inSettings && !isFirst && ASSIGNMENT.test(word)) separated.push('--set')
    else if (word === '--set') inSettings = true
    else if (!isFirst) inSettings = false
    separated.push(word)
  }
  return separated
}

/** A word that begins with a dash is the name of a file or folder. */
function operand(word: string): string {
  return word.startsWith('-') ? `./${word}` : word
}
