/**
 * Draws what a terminal showed as an SVG. `scripts/docs/terminal.mjs` does so for the README. By hand:
 *
 *   script -qec 'stty cols 152; npx pada-native search' capture.txt
 *   node scripts/assets/draw-terminal.mjs capture.txt '$ npm start' > terminal.svg
 *
 * It knows the few control sequences that the command line uses: carriage return, cursor to column, erase to the end of
 * the line, and styles.
 */
import { readFileSync } from 'node:fs'

const CELL = { width: 7.8, height: 17, margin: 18, bar: 30 }
/**
 * By the number of the control sequence.
 *
 * @type {Record<string, string>}
 */
const COLORS = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' }
const [, , file, prompt] = process.argv
if (file === undefined) {
  process.stderr.write('Expected a file that `script` wrote but received none\n')
  process.exit(2)
}
const captured = readFileSync(file, 'utf8').replace(/^Script (started|done).*\n?/gm, '')
process.stdout.write(draw(screen(`${prompt === undefined ? '' : `${prompt}\n`}${captured}`)))

/** @typedef {{ bold?: boolean, dim?: boolean, color?: string }} Style */
/** @typedef {{ text: string, style: Style }} Cell */

/**
 * The lines as they stood at the end.
 *
 * @param {string} text
 */
function screen(text) {
  /** @type {Cell[]} */
  let line = []
  const lines = [line]
  let column = 0
  /** @type {Style} */
  let style = {}
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this reads
  for (const [token, parameters, final] of text.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|\x1b[78]|\r|\n|[^\x1b\r\n]/gu)) {
    if (token === '\n') {
      line = []
      lines.push(line)
      column = 0
    } else if (token === '\r') column = 0
    else if (final === 'G') column = Number(parameters || 1) - 1
    else if (final === 'K') line.length = Math.min(line.length, column)
    else if (final === 'm') style = parameters.split(';').reduce(styled, style)
    else if (!token.startsWith('\x1b')) line[column++] = { text: token, style }
  }
  while (lines.at(-1)?.length === 0) lines.pop()
  return lines
}

/**
 * The style after one parameter of a control sequence.
 *
 * @param {Style} style
 * @param {string} parameter
 * @returns {Style}
 */
function styled(style, parameter) {
  switch (Number(parameter)) {
    case 0:
      return {}
    case 1:
      return { ...style, bold: true }
    case 2:
      return { ...style, dim: true }
    case 22:
      return { ...style, bold: false, dim: false }
    default:
      return { ...style, color: COLORS[parameter] }
  }
}

/** @param {Cell[][]} lines */
function draw(lines) {
  const columns = Math.max(...lines.map((line) => line.length))
  const width = Math.ceil(columns * CELL.width + 2 * CELL.margin)
  const height = lines.length * CELL.height + CELL.bar + 2 * CELL.margin
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, i) => `<circle cx="${20 + 20 * i}" cy="20" r="6" fill="${fill}"/>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${dots.join('')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">
${lines.map(row).filter(Boolean).join('\n')}
</g>
</svg>
`
}

/** @typedef {Cell & { column: number }} Run */

/**
 * One text element per run of equal style, without spaces at its ends or several within it, which browsers collapse. Its
 * length is fixed so that every font keeps the columns.
 *
 * @param {Cell[]} line
 * @param {number} index
 */
function row(line, index) {
  const y = CELL.bar + CELL.margin + (index + 0.75) * CELL.height
  /** @type {Run[]} */
  const runs = []
  for (let column = 0; column < line.length; column++) {
    const { text, style } = line[column] ?? { text: ' ', style: {} }
    const last = runs.at(-1)
    if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)) last.text += text
    else runs.push({ column, text, style })
  }
  const words = runs.flatMap(({ column, text, style }) =>
    [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ column: column + match.index, text: match[0], style })),
  )
  return words.map((run) => element(run, y)).join('')
}

/**
 * @param {Run} run
 * @param {number} y
 */
function element({ column, text, style }, y) {
  const attributes = [
    `x="${(CELL.margin + column * CELL.width).toFixed(1)}" y="${y.toFixed(1)}"`,
    `textLength="${([...text].length * CELL.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`,
    style.bold && 'font-weight="bold"',
    style.dim && 'opacity="0.6"',
    style.color && `fill="${style.color}"`,
  ]
  return `<text ${attributes.filter(Boolean).join(' ')}>${escaped(text)}</text>`
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
