/** Makes text fit a terminal. */
import { stripVTControlCharacters } from 'node:util'

/** Width in characters, without what colours text. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/**
 * The lines of the first text that is no wider than the terminal; of the last one if all are wider. Each is made only if
 * those before it do not fit.
 */
export function firstThatFits(columns: number | undefined, texts: readonly (() => string)[]): string[] {
  let lines: string[] = []
  for (const text of texts) {
    lines = text().split('\n')
    if (columns === undefined || lines.every((line) => widthOf(line) <= columns)) return lines
  }
  return lines
}

/** Breaks a line at spaces. Further lines are indented. A word that is too long for a line stays whole. */
export function fold(line: string, columns: number | undefined): string[] {
  if (columns === undefined || widthOf(line) <= columns) return [line]
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current.trim() === '' || widthOf(longer) <= columns) current = longer
    else {
      lines.push(current)
      current = `  ${word}`
    }
  }
  return [...lines, current]
}
