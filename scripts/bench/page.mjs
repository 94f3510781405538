/** Tables, and the pages that hold them. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import Table from 'cli-table3'
import { writeAtomically } from '#dist/base/atomic.js'

/**
 * For the terminal. The first column is text, the others are numbers.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function terminalTable(head, rows) {
  /** @type {import('cli-table3').HorizontalAlignment[]} */
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : 'right'))
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
  table.push(...rows)
  return table.toString()
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function markdownTable(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`; appends it with both if the page lacks them.
 *
 * @param {string} file
 * @param {string} name
 * @param {string} text
 */
export async function replaceSection(file, name, text) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const section = `${begin}\n${text.trim()}\n${end}`
  const page = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  const marked = from >= 0 && to > from
  const replaced = marked ? page.slice(0, from) + section + page.slice(to + end.length) : `${page}\n${section}\n`
  await writeFileIn(file, replaced.trimStart())
}

/**
 * @param {string} file
 * @param {unknown} value
 */
export async function writeJson(file, value) {
  // Long lists of numbers on a line of their own each, so that a diff shows what was measured anew.
  const text = JSON.stringify(value, undefined, 2).replace(/\[[\s\d.,-]*\]/g, (list) =>
    list.replace(/\s+/g, '').replaceAll(',', ', '),
  )
  await writeFileIn(file, `${text}\n`)
}

/**
 * Makes the folder too.
 *
 * @param {string} file
 * @param {string} text
 */
export async function writeFileIn(file, text) {
  await mkdir(dirname(file), { recursive: true })
  await writeAtomically(file, text)
}
