/** The same text for terminals that know ASCII only. */
const ASCII: Readonly<Record<string, string>> = {
  '·': '|',
  '–': '-',
  '−': '-',
  '…': '...',
  '±': '+-',
  '×': 'x',
  '→': '->',
  '≥': '>=',
  '≤': '<=',
  '“': '"',
  '”': '"',
  '’': "'",
  '━': '=',
  '─': '-',
  '│': '|',
}
/** Corners and crossings of tables. */
const CORNERS = /[┌┐└┘├┤┬┴┼]/g
/** Levels of a sparkline, from low to high. */
const LEVELS = '▁▂▃▄▅▆▇█'
const ASCII_LEVELS = '_.-:=+*#'

/** Replaces the characters that this package prints beside ASCII; those in names of the user's stay. */
export function toAscii(text: string): string {
  return text
    .replace(CORNERS, '+')
    .replace(/[▁-█]/g, (level) => ASCII_LEVELS[LEVELS.indexOf(level)])
    .replace(/[^\p{ASCII}]/gu, (character) => ASCII[character] ?? character)
}
